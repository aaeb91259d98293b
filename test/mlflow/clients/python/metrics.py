"""Metrics: odd numbers, async logging, writers at once, histories one by one, in bulk and down-sampled."""

import math
import os
import threading

import mlflow
import requests
from mlflow import MlflowClient
from mlflow.entities import Metric

client = MlflowClient()
experiment = mlflow.set_experiment("metrics").experiment_id

# NaN stays, infinities are the largest doubles
with mlflow.start_run() as run:
    mlflow.log_metrics({"nan": float("nan"), "up": float("inf"), "down": float("-inf"), "tiny": 5e-324, "big": 1.7e308}, step=-3)
    mlflow.log_metric("steps", 1, step=2**40)
odd = client.get_run(run.info.run_id).data.metrics
assert math.isnan(odd["nan"]) and odd["up"] == 1.7976931348623157e308 and odd["down"] == -1.7976931348623157e308
assert odd["tiny"] == 5e-324 and odd["big"] == 1.7e308
assert client.get_metric_history(run.info.run_id, "nan")[0].step == -3
assert client.get_metric_history(run.info.run_id, "steps")[0].step == 2**40

# the last value is the one at the largest step, then time, then value
made = client.create_run(experiment).info.run_id
client.log_batch(made, metrics=[Metric("m", 5, 10, 1), Metric("m", 3, 10, 2), Metric("m", 4, 10, 2), Metric("m", 9, 99, 0)])
assert client.get_run(made).data.metrics["m"] == 4

# async: what was handed over is there after the flush
with mlflow.start_run() as run:
    futures = [mlflow.log_metric("loss", 1 / (i + 1), step=i, synchronous=False) for i in range(300)]
    mlflow.log_params({f"p{i}": i for i in range(20)}, synchronous=False)
    mlflow.set_tags({"async": "yes"}, synchronous=False)
    futures[-1].wait()
    mlflow.flush_async_logging()
got = client.get_run(run.info.run_id)
assert len(got.data.params) == 20 and got.data.tags["async"] == "yes"
assert [p.step for p in client.get_metric_history(run.info.run_id, "loss")] == list(range(300))
mlflow.config.enable_async_logging(True)
with mlflow.start_run() as run:
    mlflow.log_metric("late", 1)
mlflow.flush_async_logging()
mlflow.config.enable_async_logging(False)
assert client.get_run(run.info.run_id).data.metrics["late"] == 1

# eight writers at one run
shared = client.create_run(experiment).info.run_id
failures = []


def write(worker):
    try:
        for step in range(25):
            client.log_metric(shared, f"w{worker}", step, step=step)
            client.log_metric(shared, "all", worker, timestamp=step, step=worker)
        client.log_param(shared, f"p{worker}", worker)
        client.log_param(shared, "same", "value")
    except Exception as error:
        failures.append(error)


workers = [threading.Thread(target=write, args=(n,)) for n in range(8)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
assert not failures, failures
assert len(client.get_run(shared).data.params) == 9
assert len(client.get_metric_history(shared, "all")) == 200
assert all(len(client.get_metric_history(shared, f"w{n}")) == 25 for n in range(8))

# what the pages of MLflow and its client's store ask: pages of a history, many runs at once, a down-sampled interval
store = client._tracking_client.store
page = store.get_metric_history(shared, "all", max_results=150)
rest = store.get_metric_history(shared, "all", max_results=150, page_token=page.token)
assert (len(page), len(rest), bool(rest.token)) == (150, 50, False)
address = os.environ["MLFLOW_TRACKING_URI"]
bulk = requests.get(
    f"{address}/ajax-api/2.0/mlflow/metrics/get-history-bulk",
    params={"run_id": [shared, run.info.run_id], "metric_key": "w1", "max_results": 100},
).json()["metrics"]
assert [(p["run_id"], p["value"]) for p in bulk] == [(shared, n) for n in range(25)]
interval = requests.get(
    f"{address}/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
    params={"run_ids": [shared], "metric_key": "w1", "max_results": 5},
).json()["metrics"]
assert interval[0]["step"] == 0 and interval[-1]["step"] == 24 and len(interval) <= 6, interval
