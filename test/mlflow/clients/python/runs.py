"""Experiments, runs, params, tags, nested runs, pages of metrics: the fluent API and MlflowClient side by side."""

import time

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

client = MlflowClient()


def refused(code, status, call):
    try:
        call()
    except MlflowException as error:
        assert (error.error_code, error.get_http_status_code()) == (code, status), error
    else:
        raise AssertionError(f"{code} expected")


# experiments
experiment = mlflow.set_experiment("runs")
assert mlflow.get_experiment(experiment.experiment_id).name == "runs"
assert mlflow.get_experiment_by_name("missing") is None
tagged = mlflow.create_experiment("tagged", tags={"team": "anchors", "größe": "1"})
assert client.get_experiment(tagged).tags["team"] == "anchors"
client.set_experiment_tag(tagged, "note", "x" * 5000)
assert len(client.get_experiment(tagged).tags["note"]) == 5000
client.delete_experiment_tag(tagged, "note")
assert "note" not in client.get_experiment(tagged).tags
client.rename_experiment(tagged, "renamed")
assert [e.name for e in mlflow.search_experiments(filter_string="tags.team = 'anchors'")] == ["renamed"]
client.delete_experiment(tagged)
assert [e.name for e in client.search_experiments(view_type=ViewType.DELETED_ONLY)] == ["renamed"]
client.restore_experiment(tagged)
refused("RESOURCE_ALREADY_EXISTS", 400, lambda: client.create_experiment("runs"))
refused("INVALID_PARAMETER_VALUE", 400, lambda: client.create_experiment("n" * 501))
refused("RESOURCE_DOES_NOT_EXIST", 404, lambda: client.get_experiment("987654321"))

# a run as the fluent API writes it
with mlflow.start_run(run_name="first", tags={"kind": "base"}, description="**what** it is") as run:
    assert mlflow.active_run().info.run_id == run.info.run_id
    assert mlflow.log_param("depth", 3) == 3
    mlflow.log_params({"rate": 0.1, "layers": [1, 2], "none": None, "long": "v" * 6000, "a/b c.d-e:f": True})
    mlflow.set_tags({"one": 1, "two": "größer als 🦀"})
    mlflow.delete_tag("one")
    mlflow.log_metrics({"loss": 0.5, "auc": 0.7}, step=1)
    mlflow.log_metric("loss", 0.25, step=2, timestamp=1_700_000_000_000)
got = client.get_run(run.info.run_id)
assert got.info.status == "FINISHED" and got.info.run_name == "first" and got.info.end_time >= got.info.start_time
assert got.data.params == {"depth": "3", "rate": "0.1", "layers": "[1, 2]", "none": "None", "long": "v" * 6000, "a/b c.d-e:f": "True"}
assert got.data.tags["two"] == "größer als 🦀" and "one" not in got.data.tags
assert got.data.tags["mlflow.note.content"] == "**what** it is"
assert got.data.metrics == {"loss": 0.25, "auc": 0.7}
points = sorted(client.get_metric_history(run.info.run_id, "loss"), key=lambda point: point.step)
assert [(p.step, p.value) for p in points] == [(1, 0.5), (2, 0.25)] and points[1].timestamp == 1_700_000_000_000
assert client.get_metric_history(run.info.run_id, "nothing") == []
refused("INVALID_PARAMETER_VALUE", 400, lambda: client.log_param(run.info.run_id, "depth", 4))
refused("RESOURCE_DOES_NOT_EXIST", 404, lambda: client.get_run("0" * 32))
refused("INVALID_PARAMETER_VALUE", 400, lambda: client.log_param(run.info.run_id, "k" * 251, 1))

# an exception ends the run as failed; a run can be joined again
try:
    with mlflow.start_run() as broken:
        raise ValueError("on purpose")
except ValueError:
    pass
assert client.get_run(broken.info.run_id).info.status == "FAILED"
assert broken.info.run_name, "a name is made up"
with mlflow.start_run(run_id=broken.info.run_id):
    mlflow.log_metric("late", 1)
assert client.get_run(broken.info.run_id).info.status == "FINISHED"

# nested, three deep
with mlflow.start_run(run_name="parent") as parent:
    for index in range(2):
        with mlflow.start_run(run_name=f"child-{index}", nested=True) as child:
            with mlflow.start_run(run_name="grandchild", nested=True) as grandchild:
                mlflow.log_param("index", index)
assert mlflow.get_parent_run(grandchild.info.run_id).info.run_id == child.info.run_id
assert mlflow.get_parent_run(parent.info.run_id) is None
children = client.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
assert sorted(r.info.run_name for r in children) == ["child-0", "child-1"]

# the low-level client: a batch as large as it may be, updates, life cycle
made = client.create_run(experiment.experiment_id, start_time=1234, tags={"by": "client"}, run_name="low")
now = int(time.time() * 1000)
metrics = [Metric("batch", 1 / (i + 1), now + i, i) for i in range(1000)]
client.log_batch(made.info.run_id, metrics=metrics)
client.log_batch(made.info.run_id, metrics=metrics)  # the same again is stored once
client.log_batch(made.info.run_id, params=[Param(f"p{i}", str(i)) for i in range(100)], tags=[RunTag(f"t{i}", "v") for i in range(100)])
low = client.get_run(made.info.run_id)
assert len(low.data.params) == 100 and len([t for t in low.data.tags if t.startswith("t")]) == 100
assert low.info.start_time == 1234 and low.info.status == "RUNNING"
assert [p.value for p in client.get_metric_history(made.info.run_id, "batch")] == [m.value for m in metrics]
client.update_run(made.info.run_id, status="KILLED", name="renamed")
assert (client.get_run(made.info.run_id).info.status, client.get_run(made.info.run_id).info.run_name) == ("KILLED", "renamed")
client.set_terminated(made.info.run_id, "FINISHED", end_time=5678)
assert client.get_run(made.info.run_id).info.end_time == 5678
client.delete_run(made.info.run_id)
assert client.get_run(made.info.run_id).info.lifecycle_stage == "deleted"
refused("INVALID_PARAMETER_VALUE", 400, lambda: client.log_metric(made.info.run_id, "m", 1))
client.restore_run(made.info.run_id)
assert client.get_run(made.info.run_id).info.lifecycle_stage == "active"
