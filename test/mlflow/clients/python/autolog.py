"""autolog of scikit-learn (also a grid search, with its child runs) and of LightGBM."""

import warnings

warnings.filterwarnings("ignore")
import lightgbm
import mlflow
import numpy as np
from mlflow import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

client = MlflowClient()
experiment = mlflow.set_experiment("autolog").experiment_id
x, y = load_iris(return_X_y=True, as_frame=True)

mlflow.sklearn.autolog(silent=True)
with mlflow.start_run(run_name="plain") as run:
    fitted = LogisticRegression(max_iter=300).fit(x, y)
    fitted.score(x, y)
got = client.get_run(run.info.run_id)
assert got.data.params["max_iter"] == "300" and got.data.params["solver"] == "lbfgs"
assert got.data.metrics["training_accuracy_score"] > 0.9
assert any(key.startswith("LogisticRegression_score") for key in got.data.metrics), got.data.metrics
assert got.data.tags["estimator_name"] == "LogisticRegression"
assert [i.dataset.name for i in got.inputs.dataset_inputs] == ["dataset"]
assert len(got.outputs.model_outputs) == 1
model = mlflow.get_logged_model(got.outputs.model_outputs[0].model_id)
assert model.status.name == "READY" and model.source_run_id == run.info.run_id
assert (mlflow.sklearn.load_model(model.model_uri).predict(x) == fitted.predict(x)).all()
assert "training_confusion_matrix.png" in [f.path for f in client.list_artifacts(run.info.run_id)]

mlflow.sklearn.autolog(silent=True, log_models=False, max_tuning_runs=2)
with mlflow.start_run(run_name="grid") as run:
    GridSearchCV(LogisticRegression(max_iter=300), {"C": [0.1, 1, 10]}, cv=2).fit(x, y)
got = client.get_run(run.info.run_id)
assert "best_C" in got.data.params and got.data.metrics["best_cv_score"] > 0.8
children = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'")
assert sorted(child.data.params["C"] for child in children) == ["1", "10"], children
mlflow.sklearn.autolog(disable=True)

mlflow.lightgbm.autolog(silent=True)
with mlflow.start_run(run_name="boosted") as run:
    data = lightgbm.Dataset(x, label=(y == 2).astype(int))
    booster = lightgbm.train(
        {"objective": "binary", "metric": ["auc", "binary_logloss"], "verbose": -1, "num_threads": 1, "num_leaves": 5},
        data,
        num_boost_round=20,
        valid_sets=[data],
        valid_names=["train"],
    )
got = client.get_run(run.info.run_id)
assert got.data.params["num_leaves"] == "5" and got.data.params["objective"] == "binary"
history = client.get_metric_history(run.info.run_id, "train-binary_logloss")
assert len(history) == 20 and history[-1].value < history[0].value
assert {"feature_importance_split.json", "feature_importance_gain.png"} <= {f.path for f in client.list_artifacts(run.info.run_id)}
loaded = mlflow.pyfunc.load_model(mlflow.get_logged_model(got.outputs.model_outputs[0].model_id).model_uri)
assert np.allclose(loaded.predict(x), booster.predict(x))
