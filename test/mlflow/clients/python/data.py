"""Inputs: mlflow.data of frames, arrays and addresses, their schema and profile, and runs found by them."""

import json

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import DatasetInput, InputTag

client = MlflowClient()
experiment = mlflow.set_experiment("data").experiment_id
frame = pd.DataFrame({"a": [1, 2, 3], "größe": [0.5, None, 1.5], "label": ["x", "y", "x"]})
frame.to_csv("rows.csv", index=False)

rows = mlflow.data.from_pandas(frame, source="rows.csv", name="rows", targets="label")
array = mlflow.data.from_numpy(np.arange(12).reshape(4, 3), name="array")
with mlflow.start_run(run_name="one") as run:
    mlflow.log_input(rows, context="training", tags={"of": "test"})
    mlflow.log_inputs(datasets=[array, rows], contexts=["eval", "eval"], tags_list=[None, None])
inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
assert sorted({i.dataset.name for i in inputs}) == ["array", "rows"], inputs
stored = next(i for i in inputs if i.dataset.name == "rows")
assert stored.dataset.digest == rows.digest and stored.dataset.source_type == "local"
assert json.loads(stored.dataset.profile)["num_rows"] == 3
assert {c["name"] for c in json.loads(stored.dataset.schema)["mlflow_colspec"]} == {"a", "größe", "label"}
assert {t.key: t.value for t in stored.tags}["mlflow.data.context"] == "training"
assert mlflow.data.get_source(stored).load().endswith("rows.csv")

# the same data in another run is the same dataset
with mlflow.start_run(run_name="two") as second:
    mlflow.log_input(rows, context="training")
    client.log_inputs(second.info.run_id, [DatasetInput(array._to_mlflow_entity(), [InputTag("mlflow.data.context", "test")])])
assert next(i for i in client.get_run(second.info.run_id).inputs.dataset_inputs if i.dataset.name == "rows").dataset.digest == rows.digest


def found(filter_string):
    return sorted(r.info.run_name for r in client.search_runs([experiment], filter_string))


assert found("datasets.name = 'rows'") == ["one", "two"]
assert found(f"dataset.digest = '{array.digest}' and datasets.context = 'test'") == ["two"]
assert found("datasets.name LIKE 'arr%' and datasets.context = 'eval'") == ["one"]
assert found("datasets.name = 'nothing'") == []
