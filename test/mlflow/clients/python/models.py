"""log_model to load_model: scikit-learn and Python models, signatures, logged models and their metrics, registered names."""

import logging
import math
import warnings

warnings.filterwarnings("ignore")
import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

logging.getLogger("mlflow").setLevel(logging.ERROR)
client = MlflowClient()
experiment = mlflow.set_experiment("models").experiment_id
x, y = load_iris(return_X_y=True, as_frame=True)
fitted = LogisticRegression(max_iter=300).fit(x, y)
options = {"pip_requirements": ["scikit-learn"], "signature": infer_signature(x, fitted.predict(x))}

# with a NaN metric (which breaks MLflow's own server: mlflow #26108), then registered as it is logged
with mlflow.start_run(run_name="iris") as run:
    mlflow.log_metric("odd", float("nan"))
    mlflow.log_metric("fine", 0.5)
    logged = mlflow.sklearn.log_model(fitted, name="iris", registered_model_name="iris", params={"depth": 3}, tags={"t": "1"}, metadata={"m": 1}, **options)
    mlflow.log_metric("of_model", float("nan"), model_id=logged.model_id)
    again = mlflow.sklearn.log_model(fitted, name="second", **options)
model = mlflow.get_logged_model(logged.model_id)
assert model.status.name == "READY" and model.name == "iris" and model.source_run_id == run.info.run_id
assert model.params == {"depth": "3"} and model.tags["t"] == "1"
metrics = {m.key: m for m in model.metrics}
assert math.isnan(metrics["of_model"].value) and metrics["fine"].value == 0.5, metrics
assert {o.model_id for o in client.get_run(run.info.run_id).outputs.model_outputs} == {logged.model_id, again.model_id}
assert "MLmodel" in [f.path for f in client.list_logged_model_artifacts(logged.model_id)]

# every address of it gives the same predictions
client.set_registered_model_alias("iris", "champion", "1")
expected = fitted.predict(x)
for uri in [f"models:/{logged.model_id}", f"runs:/{run.info.run_id}/iris", "models:/iris/1", "models:/iris@champion", "models:/iris/latest"]:
    assert (mlflow.pyfunc.load_model(uri).predict(x) == expected).all(), uri
assert (mlflow.sklearn.load_model("models:/iris@champion").predict_proba(x) == fitted.predict_proba(x)).all()
info = mlflow.models.get_model_info("models:/iris@champion")
assert info.signature.inputs.input_names() == list(x.columns) and info.metadata == {"m": 1}
try:
    mlflow.pyfunc.load_model("models:/iris@champion").predict(x.drop(columns=[x.columns[0]]))
except mlflow.exceptions.MlflowException as error:
    assert "missing inputs" in str(error)
else:
    raise AssertionError("the signature was not kept")
by_run = mlflow.register_model(f"runs:/{run.info.run_id}/second", "iris", tags={"from": "run"})
by_model = mlflow.register_model(f"models:/{again.model_id}", "iris")
assert (str(by_run.version), str(by_model.version)) == ("2", "3") and by_model.source == f"models:/{again.model_id}"
assert (mlflow.pyfunc.load_model("models:/iris/3").predict(x) == expected).all()
version = client.get_model_version("iris", "1")
assert version.source == f"models:/{logged.model_id}" and version.run_id == run.info.run_id


# a Python model with an artifact of its own, in code and with an example of its input
class Scale(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        with open(context.artifacts["factor"]) as file:
            self.factor = float(file.read())

    def predict(self, context, model_input, params=None):
        return model_input * self.factor * (params or {}).get("twice", 1)


with open("factor.txt", "w") as file:
    file.write("2.5")
with mlflow.start_run():
    scaled = mlflow.pyfunc.log_model(
        name="scale",
        python_model=Scale(),
        artifacts={"factor": "factor.txt"},
        input_example=pd.DataFrame({"a": [1.0, 2.0]}),
        signature=infer_signature(pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": [1.0]}), {"twice": 1}),
        pip_requirements=["numpy"],
    )
loaded = mlflow.pyfunc.load_model(scaled.model_uri)
assert list(loaded.predict(pd.DataFrame({"a": [1.0, 4.0]}))["a"]) == [2.5, 10]
assert list(loaded.predict(pd.DataFrame({"a": [1.0]}), params={"twice": 2})["a"]) == [5]
assert list(loaded.input_example["a"]) == [1, 2]

# a model outside a run, its metrics on a dataset, its search
external = mlflow.create_external_model(name="outside", params={"depth": "9"}, tags={"kind": "external"})
data = mlflow.data.from_pandas(x.head(10), name="ten")
with mlflow.start_run() as run:
    mlflow.log_metric("auc", 0.9, step=1, model_id=external.model_id, dataset=data)
    mlflow.log_metrics({"auc": 0.4}, step=1, model_id=scaled.model_id, dataset=data)
    mlflow.log_input(data, context="eval", model=mlflow.entities.LoggedModelInput(external.model_id))
measured = mlflow.get_logged_model(external.model_id).metrics
assert [(m.key, m.value, m.step, m.dataset_name, m.run_id) for m in measured] == [("auc", 0.9, 1, "ten", run.info.run_id)]
assert {i.model_id for i in client.get_run(run.info.run_id).inputs.model_inputs} == {external.model_id, scaled.model_id}


def found(**options):
    return [m.name for m in mlflow.search_logged_models(experiment_ids=[experiment], output_format="list", **options)]


best = [{"field_name": "metrics.auc", "ascending": False}]
assert found(order_by=best)[:2] == ["outside", "scale"]
assert found(filter_string="metrics.auc > 0.5") == ["outside"]
assert found(filter_string="metrics.auc > 0.1", datasets=[{"dataset_name": "ten"}], order_by=best) == ["outside", "scale"]
assert found(filter_string="metrics.auc > 0.1", datasets=[{"dataset_name": "other"}]) == []
assert found(datasets=[{"dataset_name": "ten"}], order_by=best) == ["outside", "scale"]
assert found(datasets=[{"dataset_name": "ten", "dataset_digest": "other"}]) == []
assert found(filter_string="params.depth = '9' AND tags.kind = 'external'") == ["outside"]
assert found(filter_string="name LIKE 'sec%'") == ["second"]
assert len(found(max_results=2)) == 2
table = mlflow.search_logged_models(experiment_ids=[experiment])
assert set(table["name"]) == {"iris", "second", "scale", "outside"}
mlflow.set_logged_model_tags(external.model_id, {"more": "1"})
mlflow.delete_logged_model_tag(external.model_id, "kind")
assert mlflow.get_logged_model(external.model_id).tags.get("more") == "1" and "kind" not in mlflow.get_logged_model(external.model_id).tags
mlflow.log_model_params({"added": "2"}, model_id=external.model_id)
assert mlflow.get_logged_model(external.model_id).params == {"depth": "9", "added": "2"}
pending = mlflow.initialize_logged_model(name="pending")
assert pending.status.name == "PENDING"
assert mlflow.finalize_logged_model(pending.model_id, "FAILED").status.name == "FAILED"
client.delete_logged_model(pending.model_id)
assert "pending" not in found()
