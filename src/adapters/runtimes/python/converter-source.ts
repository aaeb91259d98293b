/**
 * The program that converts a model which MLflow saved to ONNX: `argv` is the model's folder, the file to write and the
 * number type to compute in. The last line that it prints is JSON: `{"why": …}` when it cannot, or what it did. The ONNX model
 * takes and gives what the pyfunc model takes and gives: the columns of its signature, and `predictions`.
 */
export const converterSource = String.raw`
import json, sys, warnings
warnings.filterwarnings("ignore")

class Cannot(Exception):
    pass

def convert(folder, target, number):
    import mlflow.pyfunc
    import numpy as np
    import onnx
    from mlflow.types import ColSpec
    from onnx import TensorProto, helper

    model = mlflow.pyfunc.load_model(folder)
    flavors = model.metadata.flavors
    if "lightgbm" not in flavors and "sklearn" not in flavors:
        raise Cannot("it is neither of scikit-learn nor of LightGBM, but of %s" % ", ".join(name for name in flavors if name != "python_function"))
    function = (flavors.get("python_function") or {}).get("predict_fn", "predict")
    if function != "predict":
        raise Cannot("its pyfunc calls %s in place of predict" % function)
    schema = model.metadata.get_input_schema()
    if schema is None:
        raise Cannot("it has no signature that names its columns")
    if not all(isinstance(spec, ColSpec) and spec.name for spec in schema.inputs):
        raise Cannot("its signature does not name its columns")
    raw = model.get_raw_model()
    columns = [(spec.name, np.dtype(spec.type.to_numpy())) for spec in schema.inputs]
    for name, kind in columns:
        if kind.kind not in "iufbOU":
            raise Cannot("its column %s is a %s" % (name, kind))
    classes = getattr(raw, "classes_", None)
    opset = {"": 18, "ai.onnx.ml": 3}
    if number == "double":
        compute, compute_type = np.dtype("f8"), TensorProto.DOUBLE
    else:
        compute, compute_type = np.dtype("f4"), TensorProto.FLOAT

    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
    numeric = DoubleTensorType if number == "double" else FloatTensorType
    per_column = "sklearn" in flavors and takes_columns(raw)
    if not per_column and any(kind.kind in "OU" for _, kind in columns):
        raise Cannot("it takes texts without a ColumnTransformer")
    if per_column:
        types = [(name, StringTensorType([None, 1]) if kind.kind in "OU" else numeric([None, 1])) for name, kind in columns]
    else:
        types = [("matrix", numeric([None, len(columns)]))]
    if "lightgbm" in flavors:
        if number == "double":
            raise Cannot("LightGBM converts to single precision only")
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType as Floats
        made = onnxmltools.convert_lightgbm(raw, initial_types=[("matrix", Floats([None, len(columns)]))], zipmap=False, target_opset=15)
    else:
        from skl2onnx import to_onnx
        options = {id(raw): {"zipmap": False}} if classes is not None else None
        made = to_onnx(raw, initial_types=types, options=options, target_opset=opset)
    booster = type(raw).__name__ == "Booster"
    if booster:
        # a bare booster gives the score itself
        classes = None
    reshape(made.graph, columns, per_column, compute_type, classes is not None, helper, TensorProto, np, onnx)
    onnx.checker.check_model(made)
    onnx.save(made, target)
    import sklearn, skl2onnx
    return {"precision": number, "tools": {"skl2onnx": skl2onnx.__version__, "onnx": onnx.__version__}}

def takes_columns(raw):
    from sklearn.compose import ColumnTransformer
    steps = getattr(raw, "steps", None)
    return isinstance(raw, ColumnTransformer) or bool(steps) and isinstance(steps[0][1], ColumnTransformer)

def reshape(graph, columns, per_column, compute_type, classifier, helper, TensorProto, np, onnx):
    """The signature's columns in front and the pyfunc's answer behind."""
    element = {"f8": TensorProto.DOUBLE, "f4": TensorProto.FLOAT, "i8": TensorProto.INT64, "i4": TensorProto.INT32, "i2": TensorProto.INT16, "i1": TensorProto.INT8, "b1": TensorProto.BOOL}
    inputs, front, renamed = [], [], {}
    for name, kind in columns:
        text = kind.kind in "OU"
        inputs.append(helper.make_tensor_value_info(name, TensorProto.STRING if text else element[kind.str.lstrip("<|=")], [None, 1]))
        if text:
            continue
        front.append(helper.make_node("Cast", [name], ["kedge/" + name], to=compute_type))
        renamed[name] = "kedge/" + name
    # names of the converter's own that would be taken twice
    taken = {"predictions", "probabilities"} | ({name for name, _ in columns} if not per_column else set())
    moved = {name: "kedge/own/" + name for name in taken}
    for node in graph.node:
        for side in (node.input, node.output):
            for i, used in enumerate(side):
                if per_column and side is node.input and used in renamed:
                    side[i] = renamed[used]
                elif used in moved:
                    side[i] = moved[used]
    for value in list(graph.input) + list(graph.output):
        value.name = moved.get(value.name, value.name)
    if not per_column:
        wide = graph.input[0].name
        kinds = {kind for _, kind in columns}
        if len(columns) == 1:
            front[0].output[0] = wide
        elif len(kinds) == 1:
            front = [helper.make_node("Concat", [name for name, _ in columns], ["kedge/columns"], axis=1), helper.make_node("Cast", ["kedge/columns"], [wide], to=compute_type)]
        else:
            front.append(helper.make_node("Concat", [renamed[name] for name, _ in columns], [wide], axis=1))
    nodes = front + list(graph.node)
    outputs = []
    first = graph.output[0]
    flat = helper.make_tensor("kedge/flat", TensorProto.INT64, [1], [-1])
    graph.initializer.append(flat)
    if classifier:
        kind = first.type.tensor_type.elem_type
        nodes.append(helper.make_node("Reshape", [first.name, "kedge/flat"], ["predictions"]))
        outputs.append(helper.make_tensor_value_info("predictions", kind, [None]))
        chances = graph.output[1]
        nodes.append(helper.make_node("Cast", [chances.name], ["kedge/chances"], to=TensorProto.DOUBLE))
        width = 2 if chances.type.tensor_type.shape.dim[-1].dim_value in (0, 2) else chances.type.tensor_type.shape.dim[-1].dim_value
        graph.initializer.append(helper.make_tensor("kedge/wide", TensorProto.INT64, [2], [-1, width]))
        nodes.append(helper.make_node("Reshape", ["kedge/chances", "kedge/wide"], ["probabilities"]))
        outputs.append(helper.make_tensor_value_info("probabilities", TensorProto.DOUBLE, [None, width]))
    else:
        nodes.append(helper.make_node("Reshape", [first.name, "kedge/flat"], ["kedge/answer"]))
        nodes.append(helper.make_node("Cast", ["kedge/answer"], ["predictions"], to=TensorProto.DOUBLE))
        outputs.append(helper.make_tensor_value_info("predictions", TensorProto.DOUBLE, [None]))
    for field, values in (("node", nodes), ("input", inputs), ("output", outputs)):
        del getattr(graph, field)[:]
        getattr(graph, field).extend(values)

try:
    answer = convert(*sys.argv[1:4])
except Cannot as error:
    answer = {"why": str(error)}
except ImportError as error:
    answer = {"why": "the environment for converting cannot import what it needs: %s" % error}
except Exception as error:
    answer = {"why": ("%s: %s" % (type(error).__name__, error)).split("\n")[0][:300]}
print("\n" + json.dumps(answer))
`
