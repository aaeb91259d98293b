"""A forest of 100 trees, depth 8, 20 features, written as JSON to BENCH_FILE, and the rows/s of shap's TreeExplainer on it."""
import json
import os
import time
import warnings
import numpy as np
import shap
from sklearn.ensemble import RandomForestRegressor

warnings.simplefilter("ignore")
random = np.random.default_rng(1)
x = np.float64(np.float32(random.normal(size=(6000, 20))))
y = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + x[:, 3:].sum(axis=1) / 5 + 0.1 * random.normal(size=6000)
model = RandomForestRegressor(100, max_depth=8, max_features=0.3, random_state=0).fit(x, y)
trees = []
for estimator in model.estimators_:
    tree = estimator.tree_
    leaf = tree.children_left < 0
    trees.append({
        "feature": np.where(leaf, -1, tree.feature).tolist(), "threshold": np.where(leaf, 0, tree.threshold).tolist(),
        "left": tree.children_left.tolist(), "right": tree.children_right.tolist(),
        "value": (tree.value[:, 0, 0] / 100).tolist(), "cover": tree.weighted_n_node_samples.tolist(),
    })
rows = x[: int(os.environ["BENCH_ROWS"])]
explainer = shap.TreeExplainer(model)
explainer.shap_values(rows[:20], check_additivity=False)
began = time.thread_time()
values = explainer.shap_values(rows, check_additivity=False)
all_rows = time.thread_time() - began
singles = []
for row in rows[:40]:
    began = time.thread_time()
    explainer.shap_values(row[None], check_additivity=False)
    singles.append(time.thread_time() - began)
with open(os.environ["BENCH_FILE"], "w") as file:
    json.dump({"trees": trees, "rows": rows.tolist(), "values": values.tolist()}, file)
print(json.dumps({"rowsPerSecond": len(rows) / all_rows, "oneRow": float(np.median(singles)), "leaves": float(np.mean([np.sum(np.array(t["feature"]) < 0) for t in trees]))}))
