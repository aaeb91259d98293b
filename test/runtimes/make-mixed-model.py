"""Logs a scikit-learn pipeline of numbers, whole numbers and texts as MLflow does into argv[1], and prints rows and answers."""

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
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

rng = np.random.default_rng(5)
n = 500
frame = pd.DataFrame({"distance": rng.gamma(3, 250, n), "hour": rng.integers(0, 24, n), "origin": rng.choice(["SJC", "SFO", "ORD"], n)})
delay = frame.hour * 2 + frame.distance / 100 + 9 * (frame.origin == "ORD") + rng.normal(size=n)
columns = ColumnTransformer([("origin", OneHotEncoder(handle_unknown="ignore"), ["origin"])], remainder="passthrough")
model = Pipeline([("columns", columns), ("forest", RandomForestRegressor(20, random_state=1))]).fit(frame, delay)
mlflow.sklearn.save_model(model, sys.argv[1], signature=infer_signature(frame, model.predict(frame)), input_example=frame.head(5), serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
for name in ("requirements.txt", "conda.yaml", "python_env.yaml"):
    os.remove(os.path.join(sys.argv[1], name))
rows = frame.tail(20)
print(json.dumps({"rows": rows.to_dict("records"), "predictions": mlflow.pyfunc.load_model(sys.argv[1]).predict(rows).tolist()}))
