"""Saves the forest of the benchmark (100 trees, depth 8, 20 features) as MLflow does into argv[1], and prints rows and answers."""

import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.ensemble import RandomForestRegressor

rng = np.random.default_rng(3)
names = [f"f{i}" for i in range(20)]
frame = pd.DataFrame(rng.normal(size=(4000, 20)), columns=names)
target = frame.f0 * 2 - frame.f1 * frame.f2 + np.sin(frame.f3) + rng.normal(scale=0.1, size=4000)
model = RandomForestRegressor(100, max_depth=8, random_state=1).fit(frame, target)
folder = sys.argv[1]
mlflow.sklearn.save_model(model, folder, signature=infer_signature(frame, model.predict(frame)), serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
# this very environment runs it everywhere
for name in ("requirements.txt", "conda.yaml", "python_env.yaml"):
    os.remove(os.path.join(folder, name))
rows = frame.head(200)
print(json.dumps({"columns": names, "data": rows.to_numpy().tolist(), "predictions": mlflow.pyfunc.load_model(folder).predict(rows).tolist()}))
