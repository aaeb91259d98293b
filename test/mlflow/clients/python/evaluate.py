"""mlflow.models.evaluate of a classifier: metrics, curves, tables, and its run."""

import logging
import warnings

warnings.filterwarnings("ignore")
import matplotlib

matplotlib.use("Agg")
import mlflow
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

logging.getLogger("mlflow").setLevel(logging.ERROR)
client = MlflowClient()
mlflow.set_experiment("evaluate")
x, y = load_breast_cancer(return_X_y=True, as_frame=True)
x = x.iloc[:, :5]
fitted = LogisticRegression(max_iter=2000).fit(x, y)
with mlflow.start_run() as run:
    logged = mlflow.sklearn.log_model(fitted, name="cancer", pip_requirements=["scikit-learn"])
    result = mlflow.models.evaluate(
        logged.model_uri,
        mlflow.data.from_pandas(x.assign(label=y).head(200), targets="label", name="cancer"),
        model_type="classifier",
        evaluators=["default"],
        evaluator_config={"default": {"log_explainer": False, "log_model_explainability": False}},
    )
got = client.get_run(run.info.run_id)
assert got.data.metrics["accuracy_score"] == result.metrics["accuracy_score"] > 0.8
assert got.data.metrics["roc_auc"] > 0.9
assert {"confusion_matrix.png", "roc_curve_plot.png"} <= {f.path for f in client.list_artifacts(run.info.run_id)}
assert [i.dataset.name for i in got.inputs.dataset_inputs] == ["cancer"]
measured = {m.key: (m.value, m.dataset_name) for m in mlflow.get_logged_model(logged.model_id).metrics}
assert measured["accuracy_score"] == (result.metrics["accuracy_score"], "cancer"), measured
assert "confusion_matrix" in result.artifacts
