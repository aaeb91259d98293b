/**
 * The program of the Python worker. A message is a length (4 bytes, big-endian), that much JSON, then the buffers whose
 * lengths the JSON names in `buffers`. Descriptor 3 brings requests, 4 takes answers: what the model prints cannot
 * disturb them. It runs from its text, so that a built package needs no file beside it.
 */
export const workerSource = String.raw`
import json, os, struct, sys, traceback, warnings
warnings.filterwarnings("ignore")
os.set_inheritable(3, False)
os.set_inheritable(4, False)
source = os.fdopen(3, "rb", 1 << 20)
sink = os.fdopen(4, "wb", 1 << 20)
own = os.getpid()

# what the model forks has no part in the conversation
os.register_at_fork(after_in_child=lambda: os.closerange(3, 5))
if sys.platform == "linux":
    try:
        import ctypes
        ctypes.CDLL(None).prctl(1, 9)  # ends with the process that started it
    except Exception:
        pass

def take(size):
    bytes = bytearray(size)
    view, at = memoryview(bytes), 0
    while at < size:
        got = source.readinto(view[at:])
        if not got:
            os._exit(0)
        at += got
    return bytes

def read():
    header = json.loads(take(struct.unpack(">I", take(4))[0]))
    return header, [take(size) for size in header.get("buffers", ())]

def write(header, buffers=()):
    header["buffers"] = [len(buffer) for buffer in buffers]
    text = json.dumps(header).encode()
    sink.write(struct.pack(">I", len(text)))
    sink.write(text)
    for buffer in buffers:
        sink.write(buffer)
    sink.flush()

page = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096

def spent():
    times = os.times()
    return int((times.user + times.system + times.children_user + times.children_system) * 1e6)

def resident():
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * page
    except Exception:
        return 0

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
# their pyfunc gives the frame to the model as it is: what has the signature's own types already needs no second look
PLAIN = ("mlflow.sklearn", "mlflow.lightgbm", "mlflow.xgboost")

def datatype(dtype):
    return NAMES.get(np.dtype(dtype).str.lstrip("<|="), "BYTES") if np.dtype(dtype).kind in "biuf" else "BYTES"

class Worker:
    def load(self, header, buffers):
        if header.get("memory"):
            try:
                import resource
                resource.setrlimit(resource.RLIMIT_DATA, (header["memory"], header["memory"]))
            except Exception:
                pass
        self.model = mlflow.pyfunc.load_model(header["folder"])
        try:
            self.raw = self.model.get_raw_model()
        except Exception:
            self.raw = None
        schema = self.model.metadata.get_input_schema()
        self.columns, inputs = {}, []
        for spec in (schema.inputs if schema is not None else []):
            if isinstance(spec, ColSpec):
                numpy_type = spec.type.to_numpy() if hasattr(spec.type, "to_numpy") else np.dtype("O")
                self.columns[spec.name] = np.dtype(numpy_type)
                inputs.append({"name": spec.name, "datatype": datatype(numpy_type), "shape": [-1, 1]})
            elif isinstance(spec, TensorSpec):
                inputs.append({"name": spec.name or "input", "datatype": datatype(spec.type), "shape": [int(size) for size in spec.shape]})
        if schema is None:
            # without a signature, what the estimator itself remembers
            names, width = getattr(self.raw, "feature_names_in_", None), getattr(self.raw, "n_features_in_", None)
            if names is not None:
                self.columns = {str(name): np.dtype("f8") for name in names}
                inputs = [{"name": name, "datatype": "FP64", "shape": [-1, 1]} for name in self.columns]
            elif width is not None:
                inputs = [{"name": "input", "datatype": "FP64", "shape": [-1, int(width)]}]
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
        self.proba = binary and self.card is not None and self.card["task"] == "binary"
        if self.card is not None:
            features = self.card["features"]
            self.numbers = [i for i, feature in enumerate(features) if feature["type"] == "number"]
            self.names = [feature["name"] for feature in features]
            # one block of numbers in the model's own order is a frame as it stands
            same = list(self.columns) == self.names if self.columns else True
            self.whole = len(self.numbers) == len(features) and same and all(kind == np.dtype("f8") for kind in self.columns.values())
            self.index = pd.Index(self.names)
        else:
            self.whole = False
        loader = (self.model.metadata.flavors.get("python_function") or {}).get("loader_module")
        direct = getattr(self.model, "_model_impl", None)
        self.direct = direct.predict if loader in PLAIN and hasattr(direct, "predict") and self.model.metadata.get_params_schema() is None else None
        output = self.model.metadata.get_output_schema()
        outputs = [{"name": "predictions", "datatype": "FP64", "shape": [-1]}]
        if output is not None and len(output.inputs) == 1 and isinstance(output.inputs[0], TensorSpec):
            outputs = [{"name": "predictions", "datatype": datatype(output.inputs[0].type), "shape": [int(size) for size in output.inputs[0].shape]}]
        elif output is not None and output.has_input_names():
            outputs = [{"name": str(spec.name), "datatype": datatype(spec.type.to_numpy()), "shape": [-1]} for spec in output.inputs]
        return {"inputs": inputs, "outputs": outputs, "description": self.card}, []

    def frame(self, columns):
        data = {}
        for name, values in columns.items():
            wanted = self.columns.get(name)
            values = np.asarray(values)
            if wanted is not None and wanted.kind in "iub" and values.dtype.kind == "f" and np.isfinite(values).all():
                values = values.astype(wanted)
            elif wanted is not None and wanted.kind == "f" and values.dtype.kind in "fiub":
                values = values.astype(wanted, copy=False)
            data[name] = values
        return pd.DataFrame(data, copy=False)

    def predict(self, given, exact):
        return self.direct(given) if exact and self.direct is not None else self.model.predict(given)

    def score(self, header, buffers):
        rows = header["rows"]
        block = np.frombuffer(buffers[0], dtype="<f8").reshape(len(self.numbers), rows)
        if self.whole:
            frame = pd.DataFrame(block.T, columns=self.index, copy=False)
        else:
            columns, number, text = {}, 0, 0
            for feature in self.card["features"]:
                if feature["type"] == "number":
                    columns[feature["name"]] = block[number]
                    number += 1
                else:
                    columns[feature["name"]] = self.texts(header["texts"][text]["texts"], buffers[1 + text], None)
                    text += 1
            frame = self.frame(columns)
        if self.proba:
            wanted = str(self.card.get("positive", self.classes[-1])).lower()
            names = [str(name).lower() for name in self.classes]
            position = names.index(wanted) if wanted in names else len(names) - 1
            scores = np.asarray(self.raw.predict_proba(frame))[:, position]
        else:
            answer = self.predict(frame, self.whole)
            scores = np.asarray(answer.to_numpy() if hasattr(answer, "to_numpy") else answer)
            if scores.ndim == 2:
                scores = scores[:, 1 if scores.shape[1] == 2 else 0]
        if scores.shape[0] != rows:
            raise ValueError("the model gave %d answers for %d rows" % (scores.shape[0], rows))
        return {}, [np.ascontiguousarray(scores, dtype="<f8").data.cast("B")]

    def texts(self, known, codes, empty):
        words = np.empty(len(known), dtype=object)
        words[:] = [word if word != "" else empty for word in known]
        return words[np.frombuffer(codes, dtype="<i4")]

    def infer(self, header, buffers):
        tensors = {}
        for tensor, buffer in zip(header["tensors"], buffers):
            if tensor.get("texts") is not None:
                value = self.texts(tensor["texts"], buffer, "")
            else:
                value = np.frombuffer(buffer, dtype=TYPES[tensor["datatype"]])
            tensors[tensor["name"]] = value.reshape(tensor["shape"])
        exact = False
        if self.columns:
            width = len(self.columns)
            if len(tensors) == 1 and width > 1:
                matrix = next(iter(tensors.values()))
                if matrix.ndim != 2 or matrix.shape[1] != width:
                    raise Refused("the model has %d columns" % width)
                given = self.frame({name: matrix[:, i] for i, name in enumerate(self.columns)})
            else:
                missing = [name for name in self.columns if name not in tensors]
                if missing:
                    raise Refused("the inputs %s are missing" % ", ".join(map(str, missing)))
                if self.whole and all(value.dtype == np.dtype("f8") for value in tensors.values()):
                    first = tensors[self.names[0]]
                    block = np.empty((width, first.size))
                    for i, name in enumerate(self.names):
                        block[i] = tensors[name].reshape(-1)
                    given, exact = pd.DataFrame(block.T, columns=self.index, copy=False), True
                else:
                    given = self.frame({name: tensors[name].reshape(-1) for name in self.columns})
        else:
            given = next(iter(tensors.values())) if len(tensors) == 1 else tensors
        answer = self.predict(given, exact)
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
                codes, words = pd.factorize(value.reshape(-1), use_na_sentinel=False)
                entry["texts"] = ["" if word is None or word != word else word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word) for word in words.tolist()]
                made.append(np.ascontiguousarray(codes, dtype="<i4").data.cast("B"))
            else:
                made.append(np.ascontiguousarray(value, dtype="<" + np.dtype(TYPES[kind]).str.lstrip("<|=")).reshape(-1).data.cast("B") if value.size else b"")
            described.append(entry)
        return {"tensors": described}, made

# errors of which the values of a row are the reason
VALUES = ("contains NaN", "contains infinity", "Found unknown categor", "value too large for dtype", "could not convert string to float")

worker = Worker()
while True:
    header, buffers = read()
    try:
        answer, made = getattr(worker, header["do"])(header, buffers)
        if os.getpid() != own:
            os._exit(0)
        answer["id"], answer["rss"], answer["cpu"] = header["id"], resident(), spent()
        write(answer, made)
    except BaseException as error:
        if os.getpid() != own:
            os._exit(0)
        loading = header["do"] == "load"
        refused = not loading and (isinstance(error, Refused) or type(error).__name__ == "MlflowException" or isinstance(error, ValueError) and any(text in str(error) for text in VALUES))
        code = "invalid_input" if refused else "model_unloadable" if loading else "prediction_failed"
        if not refused:
            traceback.print_exc()
        write({"id": header["id"], "rss": resident(), "cpu": spent(), "error": {"code": code, "what": ("%s: %s" % (type(error).__name__, error)).split("\n")[0][:500], "memory": isinstance(error, MemoryError)}})
`
