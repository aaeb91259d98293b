"""The forest of compare.ts for every server: 100 trees, depth 8, 20 features; 200 rows and their answers.

    python save-forests.py DIRECTORY    # makes forest.json, onnx/, mlflow/, mlserver/, mlserver-onnx/ in it
"""
import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import joblib
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier

target = sys.argv[1]
names = [f"x{i}" for i in range(20)]
random = np.random.default_rng(0)
x = random.normal(size=(4000, 20)).astype(np.float32)
y = (x[:, 0] + x[:, 1] * x[:, 2] + random.normal(size=4000) / 2 > 0).astype(int)
# fitted without names, so that servers that send arrays need no check of them
forest = RandomForestClassifier(n_estimators=100, max_depth=8, random_state=0, n_jobs=1).fit(x, y)
rows = x[:200]
scores = forest.predict_proba(rows)


def write(path, content):
    full = os.path.join(target, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


write("forest.json", json.dumps({"names": names, "rows": rows.tolist(), "scores": scores[:, 1].tolist()}))

onnx = to_onnx(
    forest, initial_types=[("X", FloatTensorType([None, 20]))], options={"zipmap": False}, target_opset=17
).SerializeToString()
features = [{"name": name, "type": "number"} for name in names]
write("onnx/model.onnx", onnx)
write(
    "onnx/kedge-model.json", json.dumps({"task": "binary", "features": features, "target": "y", "positive": "1"})
)

write("mlserver-onnx/model.onnx", onnx)
write(
    "mlserver-onnx/model-settings.json",
    json.dumps(
        {"name": "forest", "implementation": "onnx_runtime.OnnxModel", "parameters": {"uri": "./model.onnx"}}
    ),
)
write(
    "mlserver-onnx/onnx_runtime.py",
    '''"""The runtime that one would write to serve an ONNX model with MLServer."""
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri


class OnnxModel(MLModel):
    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(await get_model_uri(self.settings), options)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = NumpyCodec.decode_input(payload.inputs[0])
        (probabilities,) = self.session.run(["probabilities"], {"X": rows})
        output = NumpyCodec.encode_output("predict_proba", probabilities)
        return InferenceResponse(model_name=self.name, outputs=[output])
''',
)

write(
    "mlserver/model-settings.json",
    json.dumps(
        {
            "name": "forest",
            "implementation": "mlserver_sklearn.SKLearnModel",
            "parameters": {"uri": "./model.joblib"},
        }
    ),
)
joblib.dump(forest, os.path.join(target, "mlserver", "model.joblib"))

folder = os.path.join(target, "mlflow")
frame = pd.DataFrame(rows, columns=names)
mlflow.sklearn.save_model(
    forest,
    folder,
    pyfunc_predict_fn="predict_proba",
    signature=infer_signature(frame, scores),
    serialization_format="cloudpickle",
    pip_requirements=["scikit-learn"],
)
# every server runs in the environment of this script, and none makes another
for name in ["requirements.txt", "conda.yaml", "python_env.yaml"]:
    os.remove(os.path.join(folder, name))
