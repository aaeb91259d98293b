"""Makes content in a store of MLflow, or tells everything that a store holds, as JSON."""

import json
import math
import os
import sys
import tempfile

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType


def make(artifacts):
    c = MlflowClient()
    where = (lambda name: None) if artifacts is None else (lambda name: f"{artifacts}/{name}")
    e = c.create_experiment("flights", artifact_location=where("flights"), tags={"team": "blue"})
    gone = c.create_experiment("old one", artifact_location=where("old"))
    r = c.create_run(e, run_name="first", start_time=1700000000000, tags={"x": "größer"}).info.run_id
    c.log_batch(r, metrics=[Metric("loss", 1 / (s + 1), 1700000000000 + s, s) for s in range(900)])
    c.log_batch(r, metrics=[Metric("loss", 1 / (s + 1), 1700000000000 + s, s) for s in range(900, 1700)])
    c.log_batch(
        r,
        metrics=[Metric("deep/er", float("nan"), 1, 0), Metric("big", float("inf"), 1, -3), Metric("big", -0.5, 1, 4)],
        params=[Param("depth", "3"), Param("a b/c", "")],
    )
    c.log_text(r, "hello", "notes/a.txt")
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "x.bin"), "wb") as file:
            file.write(bytes(range(256)) * 1200)
        c.log_artifacts(r, folder, "binary")
    c.set_terminated(r, "FINISHED", end_time=1700000005000)
    with mlflow.start_run(experiment_id=e, run_name="second"):
        import pandas as pd

        rows = mlflow.data.from_pandas(pd.DataFrame({"a": [1.0, 2.0]}), name="rows")
        mlflow.log_input(rows, context="training", tags={"k": "v"})
        logged = mlflow.initialize_logged_model("model", model_type="agent", params={"p": "1"}, tags={"t": "u"})
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "MLmodel"), "w") as file:
                file.write("flavors: {}\n")
            c.log_model_artifacts(logged.model_id, folder)
        mlflow.finalize_logged_model(logged.model_id, "READY")
        mlflow.log_outputs([mlflow.entities.LoggedModelOutput(logged.model_id, 2)])
        mlflow.log_metric("acc", 0.5, model_id=logged.model_id)
    c.create_registered_model("m", {"owner": "ann"}, "predicts")
    c.create_model_version("m", f"models:/{logged.model_id}", run_id=mlflow.last_active_run().info.run_id)
    c.create_model_version("m", f"runs:/{r}/notes", run_id=r, tags={"ok": "yes"}, description="the second")
    c.create_model_version("m", f"runs:/{r}/binary", run_id=r)
    c.delete_model_version("m", "2")
    c.set_registered_model_alias("m", "champion", "3")
    c.transition_model_version_stage("m", "3", "Staging")
    d = c.create_run(e, run_name="deleted one")
    c.log_metric(d.info.run_id, "loss", 9.0, timestamp=5, step=1)
    c.set_terminated(d.info.run_id, "FAILED", end_time=1700000009000)
    c.delete_run(d.info.run_id)
    c.delete_experiment(gone)


def number(value):
    return "nan" if math.isnan(value) else max(-sys.float_info.max, min(sys.float_info.max, value))


def tell():
    c = MlflowClient()
    result = {"experiments": {}, "runs": {}, "models": {}, "logged": {}}
    experiments = c.search_experiments(view_type=ViewType.ALL)
    for e in experiments:
        result["experiments"][e.experiment_id] = [e.name, e.lifecycle_stage, e.creation_time, dict(e.tags)]
        for r in c.search_runs([e.experiment_id], run_view_type=ViewType.ALL):
            files = {}
            if r.info.lifecycle_stage == "active":
                pending = [None]
                while pending:
                    for f in c.list_artifacts(r.info.run_id, pending.pop()):
                        if f.is_dir:
                            pending.append(f.path)
                        else:
                            files[f.path] = f.file_size
            history = {
                key: sorted(
                    [[m.step, m.timestamp, number(m.value)] for m in c.get_metric_history(r.info.run_id, key)], key=str
                )
                for key in r.data.metrics
            }
            result["runs"][r.info.run_id] = {
                "info": [
                    r.info.experiment_id,
                    r.info.run_name,
                    r.info.status,
                    r.info.start_time,
                    r.info.end_time,
                    r.info.lifecycle_stage,
                    r.info.user_id,
                ],
                "params": r.data.params,
                "tags": r.data.tags,
                "latest": {key: number(value) for key, value in r.data.metrics.items()},
                "history": history,
                "inputs": [
                    [i.dataset.name, i.dataset.digest, i.dataset.source_type, i.dataset.schema, i.dataset.profile]
                    + sorted([t.key, t.value] for t in i.tags)
                    for i in r.inputs.dataset_inputs
                ],
                "outputs": [[o.model_id, o.step] for o in (r.outputs.model_outputs if r.outputs else [])],
                "files": files,
            }
        for m in c.search_logged_models([e.experiment_id]):
            result["logged"][m.model_id] = [
                m.name,
                m.model_type,
                str(m.status),
                m.source_run_id,
                m.creation_timestamp,
                m.params,
                {k: v for k, v in m.tags.items() if k != "mlflow.modelVersions"},
                [[x.key, x.value, x.run_id] for x in m.metrics or []],
            ]
    for m in c.search_registered_models():
        versions = c.search_model_versions(f"name='{m.name}'")
        result["models"][m.name] = {
            "description": m.description,
            "tags": m.tags,
            "aliases": {a: int(v) for a, v in m.aliases.items()},
            "versions": {
                int(v.version): [v.run_id, v.current_stage, v.description or "", v.status, v.creation_timestamp, v.tags]
                for v in versions
            },
        }
    texts = [r for r in result["runs"].values() if "notes/a.txt" in r["files"]]
    result["text"] = [mlflow.artifacts.load_text(f"runs:/{k}/notes/a.txt") for k, r in result["runs"].items() if r in texts]
    return result


told = []
for place in os.environ["PLACES"].split():
    mlflow.set_tracking_uri(place)
    if os.environ["DO"] == "make":
        make(os.environ.get("ARTIFACTS"))
    else:
        told.append(tell())
print(json.dumps(told))
