/**
 * The program of the Python worker. A message is a length (4 bytes, big-endian), that much JSON, then the buffers whose
 * lengths the JSON names in `buffers`. Descriptor 3 brings requests, 4 takes answers: what the model prints cannot
 * disturb them. It runs from its text, so that a built package needs no file beside it.
 */
export const workerSource = String.raw`
import json, os, struct, sys, traceback, warnings
warnings.filterwarnings("ignore")
source = os.fdopen(3, "rb")
sink = os.fdopen(4, "wb")

def read():
    head = source.read(4)
    if len(head) < 4:
        os._exit(0)
    header = json.loads(source.read(struct.unpack(">I", head)[0]))
    return header, [source.read(size) for size in header.get("buffers", [])]

def write(header, buffers=()):
    header["buffers"] = [len(buffer) for buffer in buffers]
    text = json.dumps(header).encode()
    sink.write(struct.pack(">I", len(text)) + text)
    for buffer in buffers:
        sink.write(buffer)
    sink.flush()

class Refused(Exception):
    pass

try:
    import numpy as np
    import pandas as pd
    import mlflow.pyfunc
    from mlflow.types import ColSpec, TensorSpec
except Exception as error:
    read()
    write({"id": 0, "error": {"code": "model_unloadable", "what": "the Python environment cannot import what it needs: %s" % error}})
    os._exit(1)

TYPES = {"BOOL": "bool", "UINT8": "u1", "UINT16": "u2", "UINT32": "u4", "UINT64": "u8", "INT8": "i1", "INT16": "i2", "INT32": "i4", "INT64": "i8", "FP16": "f2", "FP32": "f4", "FP64": "f8"}
NAMES = {np.dtype(code).str.lstrip("<|="): name for name, code in TYPES.items()}

def datatype(dtype):
    return NAMES.get(np.dtype(dtype).str.lstrip("<|="), "BYTES") if np.dtype(dtype).kind in "biuf" else "BYTES"

class Worker:
    def load(self, header, buffers):
        self.model = mlflow.pyfunc.load_model(header["folder"])
        try:
            self.raw = self.model.get_raw_model()
        except Exception:
            self.raw = None
        schema = self.model.metadata.get_input_schema()
        self.columns, inputs = {}, []
        for spec in (schema.inputs if schema is not None else []):
            if isinstance(spec, ColSpec):
                kind = getattr(spec.type, "name", str(spec.type))
                numpy_type = spec.type.to_numpy() if hasattr(spec.type, "to_numpy") else np.dtype("O")
                self.columns[spec.name] = np.dtype(numpy_type)
                inputs.append({"name": spec.name, "datatype": datatype(numpy_type), "shape": [-1, 1]})
            elif isinstance(spec, TensorSpec):
                inputs.append({"name": spec.name or "input", "datatype": datatype(spec.type), "shape": [int(size) for size in spec.shape]})
        named = bool(self.columns) and all(name is not None for name in self.columns)
        classes = getattr(self.raw, "classes_", None) if hasattr(self.raw, "predict_proba") else None
        self.classes = list(classes) if classes is not None and not isinstance(classes, list) else classes
        binary = self.classes is not None and len(self.classes) == 2
        self.card = header.get("description")
        if self.card is None and named:
            self.card = {
                "task": "binary" if binary else "regression",
                "features": [{"name": name, "type": "category" if kind.kind in "OUS" else "number"} for name, kind in self.columns.items()],
            }
            if binary:
                self.card["positive"], self.card["negative"] = str(self.classes[1]), str(self.classes[0])
        output = self.model.metadata.get_output_schema()
        outputs = [{"name": "predictions", "datatype": "FP64", "shape": [-1]}]
        if output is not None and len(output.inputs) == 1 and isinstance(output.inputs[0], TensorSpec):
            outputs = [{"name": "predictions", "datatype": datatype(output.inputs[0].type), "shape": [int(size) for size in output.inputs[0].shape]}]
        return {"inputs": inputs, "outputs": outputs, "description": self.card}, []

    def frame(self, columns):
        data = {}
        for name, values in columns.items():
            wanted = self.columns.get(name)
            values = np.asarray(values)
            if wanted is not None and wanted.kind in "iub" and values.dtype.kind == "f" and np.isfinite(values).all():
                values = values.astype(wanted)
            elif wanted is not None and wanted.kind == "f" and values.dtype.kind in "fiub":
                values = values.astype(wanted)
            data[name] = values
        return pd.DataFrame(data)

    def score(self, header, buffers):
        columns, at = {}, 0
        for feature, values in zip(self.card["features"], header["values"]):
            if values is None:
                columns[feature["name"]] = np.frombuffer(buffers[at], dtype="<f8")
                at += 1
            else:
                columns[feature["name"]] = np.array([value if value != "" else None for value in values], dtype=object)
        frame = self.frame(columns)
        if self.card["task"] == "binary" and self.classes is not None:
            wanted = str(self.card.get("positive", self.classes[-1])).lower()
            names = [str(name).lower() for name in self.classes]
            position = names.index(wanted) if wanted in names else len(names) - 1
            scores = np.asarray(self.raw.predict_proba(frame))[:, position]
        else:
            answer = self.model.predict(frame)
            scores = np.asarray(answer.to_numpy() if hasattr(answer, "to_numpy") else answer)
            if scores.ndim == 2:
                scores = scores[:, 1 if scores.shape[1] == 2 else 0]
        return {}, [np.ascontiguousarray(scores, dtype="<f8").tobytes()]

    def infer(self, header, buffers):
        tensors, at = {}, 0
        for tensor in header["tensors"]:
            if tensor.get("texts") is not None:
                value = np.array(tensor["texts"], dtype=object)
            else:
                value = np.frombuffer(buffers[at], dtype=TYPES[tensor["datatype"]])
                at += 1
            tensors[tensor["name"]] = value.reshape(tensor["shape"])
        if self.columns:
            if len(tensors) == 1 and len(self.columns) > 1:
                matrix = next(iter(tensors.values()))
                if matrix.ndim != 2 or matrix.shape[1] != len(self.columns):
                    raise Refused("the model has %d columns" % len(self.columns))
                given = self.frame({name: matrix[:, i] for i, name in enumerate(self.columns)})
            else:
                missing = [name for name in self.columns if name not in tensors]
                if missing:
                    raise Refused("the inputs %s are missing" % ", ".join(map(str, missing)))
                given = self.frame({name: tensors[name].reshape(-1) for name in self.columns})
        else:
            given = next(iter(tensors.values())) if len(tensors) == 1 else tensors
        answer = self.model.predict(given)
        if isinstance(answer, pd.DataFrame):
            outputs = {str(name): answer[name].to_numpy() for name in answer.columns}
        elif isinstance(answer, dict):
            outputs = {str(name): np.asarray(value) for name, value in answer.items()}
        else:
            outputs = {"predictions": answer.to_numpy() if hasattr(answer, "to_numpy") else np.asarray(answer)}
        described, made = [], []
        for name, value in outputs.items():
            kind = datatype(value.dtype)
            entry = {"name": name, "datatype": kind, "shape": list(value.shape)}
            if kind == "BYTES":
                entry["texts"] = ["" if item is None else str(item) for item in value.reshape(-1).tolist()]
            else:
                made.append(np.ascontiguousarray(value, dtype="<" + np.dtype(TYPES[kind]).str.lstrip("<|=")).tobytes())
            described.append(entry)
        return {"tensors": described}, made

worker = Worker()
while True:
    header, buffers = read()
    try:
        answer, made = getattr(worker, header["do"])(header, buffers)
        write({"id": header["id"], **answer}, made)
    except Exception as error:
        refused = isinstance(error, Refused) or type(error).__name__ == "MlflowException" and header["do"] != "load"
        code = "invalid_input" if refused else "model_unloadable" if header["do"] == "load" else "model_failed"
        if not refused:
            traceback.print_exc()
        write({"id": header["id"], "error": {"code": code, "what": ("%s: %s" % (type(error).__name__, error)).split("\n")[0][:500]}})
`
