"""What a data scientist does with MLflow's client, against the server in MLFLOW_TRACKING_URI. Prints JSON of what it saw."""

import json
import math
import os
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

seen = {}
client = MlflowClient()

mlflow.set_experiment("flights")
seen["experiment"] = mlflow.get_experiment_by_name("flights").experiment_id
seen["default"] = client.get_experiment("0").name
client.set_experiment_tag(seen["experiment"], "team", "anchors")

with mlflow.start_run(run_name="first", tags={"kind": "base"}) as run:
    mlflow.log_param("depth", 3)
    mlflow.log_param("depth", 3)
    mlflow.log_params({"rate": 0.1, "loss": "log"})
    for step in range(5):
        mlflow.log_metric("auc", 0.7 + step / 100, step=step)
    mlflow.log_metrics({"brier": 0.2, "odd": float("nan"), "big": float("inf")}, step=1)
    mlflow.set_tag("note", "größer")
    mlflow.log_text("hello", "notes/a.txt")
    mlflow.log_dict({"a": 1}, "conf.json")
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "deep", "er"))
        for name in ["x.bin", "deep/er/y.bin", "empty.bin"]:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(os.urandom(0 if name.startswith("empty") else 300_000))
        mlflow.log_artifacts(folder, "folder")
        with open(os.path.join(folder, "x.bin"), "rb") as file:
            original = file.read()
    mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({"a": [1, 2]}), name="rows"), context="training")
first = run.info.run_id

got = client.get_run(first)
seen["params"] = dict(got.data.params)
seen["auc"] = got.data.metrics["auc"]
seen["nan"] = math.isnan(got.data.metrics["odd"])
seen["big"] = got.data.metrics["big"]
seen["status"] = got.info.status
seen["tag"] = got.data.tags["note"]
seen["dataset"] = got.inputs.dataset_inputs[0].dataset.name
seen["history"] = [(point.step, point.value) for point in client.get_metric_history(first, "auc")]
seen["artifacts"] = sorted(file.path for file in client.list_artifacts(first))
seen["nested artifacts"] = [(file.path, file.file_size, file.is_dir) for file in client.list_artifacts(first, "folder")]
down = mlflow.artifacts.download_artifacts(run_id=first, artifact_path="folder")
with open(os.path.join(down, "x.bin"), "rb") as file:
    seen["same bytes"] = file.read() == original
seen["text"] = mlflow.artifacts.load_text(f"runs:/{first}/notes/a.txt")

try:
    client.log_param(first, "depth", 4)
except MlflowException as error:
    seen["changed param"] = [error.error_code, error.get_http_status_code()]
try:
    client.get_run("0" * 32)
except MlflowException as error:
    seen["missing run"] = [error.error_code, error.get_http_status_code()]
try:
    client.create_experiment("flights")
except MlflowException as error:
    seen["same experiment"] = [error.error_code, error.get_http_status_code()]

mlflow.sklearn.autolog(log_models=True, silent=True)
x, y = load_iris(return_X_y=True, as_frame=True)
with mlflow.start_run(run_name="auto") as run:
    LogisticRegression(max_iter=300).fit(x, y)
mlflow.sklearn.autolog(disable=True)
auto = client.get_run(run.info.run_id)
seen["autolog"] = [auto.data.params["max_iter"], "training_accuracy_score" in auto.data.metrics, len(auto.outputs.model_outputs)]

with mlflow.start_run(run_name="model") as run:
    model = LogisticRegression(max_iter=300).fit(x, y)
    info = mlflow.sklearn.log_model(
        model, name="iris", signature=infer_signature(x, model.predict(x)), registered_model_name="iris", pip_requirements=["scikit-learn"]
    )
    mlflow.log_metric("of_model", 0.9, model_id=info.model_id)
loaded = mlflow.pyfunc.load_model(info.model_uri)
seen["predictions"] = bool((loaded.predict(x) == model.predict(x)).all())
seen["logged model"] = mlflow.get_logged_model(info.model_id).status.name
seen["logged models"] = len(mlflow.search_logged_models(experiment_ids=[seen["experiment"]], output_format="list"))
version = client.get_model_version("iris", "1")
seen["version"] = [version.version, version.run_id == run.info.run_id, version.status]
client.set_registered_model_alias("iris", "champion", "1")
seen["alias"] = client.get_model_version_by_alias("iris", "champion").version
by_alias = mlflow.sklearn.load_model("models:/iris@champion")
seen["by alias"] = bool((by_alias.predict(x) == model.predict(x)).all())
by_version = mlflow.pyfunc.load_model("models:/iris/1")
seen["by version"] = bool((by_version.predict(x) == model.predict(x)).all())
old = mlflow.register_model(f"runs:/{run.info.run_id}/iris", "iris")
seen["second version"] = old.version
client.set_model_version_tag("iris", "1", "approved", "yes")
client.set_registered_model_tag("iris", "owner", "me")
client.update_registered_model("iris", "three flowers")
client.update_model_version("iris", "1", "the first")
seen["registered"] = [m.name for m in client.search_registered_models("name LIKE 'ir%'")]
seen["versions"] = sorted(v.version for v in client.search_model_versions("name='iris'"))
client.transition_model_version_stage("iris", "1", "Staging")
seen["stage"] = client.get_latest_versions("iris", ["Staging"])[0].version
client.delete_registered_model_alias("iris", "champion")
try:
    client.get_model_version_by_alias("iris", "champion")
except MlflowException as error:
    seen["missing alias"] = error.error_code

table = mlflow.search_runs(experiment_names=["flights"], filter_string="metrics.auc > 0.7 and params.depth = '3'")
seen["search"] = [len(table), table.iloc[0]["tags.mlflow.runName"], float(table.iloc[0]["metrics.auc"])]
seen["or"] = len(mlflow.search_runs(experiment_names=["flights"], filter_string="tags.kind = 'base' OR attributes.run_name = 'auto'"))
seen["order"] = [r.info.run_name for r in client.search_runs([seen["experiment"]], order_by=["metrics.auc DESC", "attributes.start_time ASC"])]

batch = client.create_run(seen["experiment"], run_name="batch")
now = int(time.time() * 1000)
client.log_batch(
    batch.info.run_id,
    metrics=[Metric("loss", 1 / (i + 1), now + i, i) for i in range(1000)],
)
client.log_batch(batch.info.run_id, params=[Param(f"p{i}", str(i)) for i in range(100)], tags=[RunTag("t", "1")])
seen["batch"] = len(client.get_metric_history(batch.info.run_id, "loss"))
client.set_terminated(batch.info.run_id, "FAILED")
seen["failed"] = client.get_run(batch.info.run_id).info.status
client.delete_run(batch.info.run_id)
seen["deleted"] = client.get_run(batch.info.run_id).info.lifecycle_stage
client.restore_run(batch.info.run_id)
pages = client.search_runs([seen["experiment"]], max_results=2)
rest = client.search_runs([seen["experiment"]], max_results=2, page_token=pages.token)
seen["pages"] = len({r.info.run_id for r in list(pages) + list(rest)})

with mlflow.start_run(run_name="parent"):
    with mlflow.start_run(run_name="child", nested=True) as child:
        mlflow.log_metric("m", 1)
    seen["nested"] = client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] is not None
    mlflow.log_table({"a": [1, 2]}, "table.json")

os.environ["MLFLOW_RUN_ID"] = first
with mlflow.start_run() as joined:
    seen["joined"] = joined.info.run_id == first
    mlflow.log_metric("late", 1.0)

print(json.dumps(seen))
