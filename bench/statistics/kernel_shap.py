"""A forest of 100 trees, depth 8, 20 features as model.onnx in BENCH_FOLDER with rows, background and exact values, and the rows/s and
error of shap's KernelExplainer on it (sklearn's own predict, 100 background rows, its default number of coalitions)."""
import json
import os
import time
import warnings
from pathlib import Path

import numpy as np
import shap
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestRegressor

warnings.simplefilter("ignore")
folder = Path(os.environ["BENCH_FOLDER"])
random = np.random.default_rng(1)
x = np.float64(np.float32(random.normal(size=(6000, 20))))
y = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + x[:, 3:].sum(axis=1) / 5 + 0.1 * random.normal(size=6000)
model = RandomForestRegressor(100, max_depth=8, max_features=0.3, random_state=0).fit(x, y)
rows, background = x[: int(os.environ["BENCH_ROWS"])], x[1000:1100]
(folder / "model.onnx").write_bytes(to_onnx(model, np.float32(x[:1]), target_opset=17).SerializeToString())
exact = shap.TreeExplainer(model, background).shap_values(rows, check_additivity=False)
explainer = shap.KernelExplainer(model.predict, background)
asked = rows[:3]
began = time.process_time()
values = explainer.shap_values(asked, silent=True)
seconds = time.process_time() - began
(folder / "case.json").write_text(json.dumps({
    "rows": rows.tolist(), "background": background.tolist(), "exact": exact.tolist(),
}))
print(json.dumps({"rowsPerSecond": len(asked) / seconds, "error": float(np.abs(values - exact[:3]).mean()), "size": float(np.abs(exact).mean())}))
