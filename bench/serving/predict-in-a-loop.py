"""The limit: how often a second one process calls the model of argv[1] itself, for argv[2] seconds each; as MLflow's pyfunc and as scikit-learn."""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import mlflow.pyfunc
import numpy as np
import pandas as pd

model = mlflow.pyfunc.load_model(sys.argv[1])
raw = model.get_raw_model()
rng = np.random.default_rng(0)
rates = {}
for batch in (1, 100):
    frame = pd.DataFrame(rng.normal(size=(batch, 20)), columns=[f"f{i}" for i in range(20)])
    for name, predict in (("pyfunc", model.predict), ("raw", raw.predict)):
        predict(frame)
        calls, began = 0, time.perf_counter()
        while time.perf_counter() - began < float(sys.argv[2]):
            predict(frame)
            calls += 1
        rates[f"{name}-{batch}"] = calls / (time.perf_counter() - began)
print(json.dumps(rates))
