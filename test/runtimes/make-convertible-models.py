"""Saves models into the folder argv[1], each with a signature and, but for one, an input example; prints their rows and answers."""

import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import lightgbm
import mlflow.lightgbm
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

rng = np.random.default_rng(5)
n = 400
numbers = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
mixed = pd.DataFrame({"distance": rng.gamma(3, 250, n), "hour": rng.integers(0, 24, n), "origin": rng.choice(["SJC", "SFO", "ORD"], n)})
delay = mixed.hour * 2 + mixed.distance / 100 + 9 * (mixed.origin == "ORD")
late = (numbers.a > 0).astype(int)
columns = ColumnTransformer([("origin", OneHotEncoder(handle_unknown="ignore"), ["origin"])], remainder="passthrough")


class Own(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["a"].to_numpy() * 2


answers = {}


def save(name, flavor, model, frame, example=True):
    folder = os.path.join(sys.argv[1], name)
    more = {"serialization_format": "cloudpickle"} if flavor is mlflow.sklearn else {}
    given = model.predict(frame) if flavor is not mlflow.pyfunc else frame["a"].to_numpy() * 2
    named = {"python_model": model, "path": folder} if flavor is mlflow.pyfunc else {"path": folder, ("lgb_model" if flavor is mlflow.lightgbm else "sk_model"): model}
    flavor.save_model(**named, signature=infer_signature(frame, given), input_example=frame.head(50) if example else None, pip_requirements=["scikit-learn"], **more)
    for file in ("requirements.txt", "conda.yaml", "python_env.yaml"):
        os.remove(os.path.join(folder, file))
    rows = frame.tail(20)
    scores = model.predict_proba(rows)[:, 1].tolist() if hasattr(model, "predict_proba") else None
    answers[name] = {"rows": rows.to_dict("records"), "predictions": np.asarray(mlflow.pyfunc.load_model(folder).predict(rows)).tolist(), "scores": scores}


save("pipeline", mlflow.sklearn, Pipeline([("columns", columns), ("forest", RandomForestRegressor(20, random_state=1))]).fit(mixed, delay), mixed)
# beyond what single precision can tell apart
far = numbers + 1e8
save("linear", mlflow.sklearn, LinearRegression().fit(far, numbers.b), far)
save("boosted", mlflow.lightgbm, lightgbm.LGBMClassifier(n_estimators=20, verbose=-1).fit(numbers, late), numbers)
save("own", mlflow.pyfunc, Own(), numbers)
save("unseen", mlflow.sklearn, LinearRegression().fit(numbers, numbers.b), numbers, example=False)
print(json.dumps(answers))
