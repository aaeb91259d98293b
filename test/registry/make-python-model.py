"""Saves a small scikit-learn pipeline as MLflow does into argv[1], with kedge-model.json and the scores it should give."""

import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

rng = np.random.default_rng(5)
n = 2000
frame = pd.DataFrame({"distance": rng.gamma(3, 250, n), "hour": rng.integers(0, 24, n).astype(float), "origin": rng.choice(["SJC", "SFO", "ORD"], n)})
late = (rng.random(n) < 1 / (1 + np.exp(2 - 0.09 * frame.hour - 0.6 * (frame.origin == "ORD")))).astype(int)
columns = ColumnTransformer([("numbers", StandardScaler(), ["distance", "hour"]), ("origin", OneHotEncoder(handle_unknown="ignore"), ["origin"])])
model = Pipeline([("columns", columns), ("classifier", LogisticRegression())]).fit(frame, late)
folder = sys.argv[1]
mlflow.sklearn.save_model(model, folder, signature=infer_signature(frame, model.predict(frame)), serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
features = [{"name": "distance", "type": "number"}, {"name": "hour", "type": "number"}, {"name": "origin", "type": "category"}]
with open(os.path.join(folder, "kedge-model.json"), "w") as file:
    json.dump({"task": "binary", "features": features, "target": "late", "positive": "1", "time": "date"}, file)
sample = frame.head(20)
with open(os.path.join(folder, "expected.json"), "w") as file:
    json.dump({"instances": sample.to_dict("records"), "scores": model.predict_proba(sample)[:, 1].tolist()}, file)
