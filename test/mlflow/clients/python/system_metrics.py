"""System metrics, sampled by the client's own thread with psutil."""

import time

import mlflow
from mlflow import MlflowClient

client = MlflowClient()
mlflow.set_experiment("system")
mlflow.set_system_metrics_sampling_interval(0.1)
mlflow.set_system_metrics_samples_before_logging(2)
mlflow.set_system_metrics_node_id("node-a")
with mlflow.start_run(log_system_metrics=True) as run:
    deadline = time.time() + 20
    key = "system/node-a/cpu_utilization_percentage"
    while time.time() < deadline and len(client.get_metric_history(run.info.run_id, key)) < 3:
        time.sleep(0.1)
    mlflow.log_metric("own", 1)
metrics = client.get_run(run.info.run_id).data.metrics
for name in ["cpu_utilization_percentage", "system_memory_usage_megabytes", "disk_usage_percentage", "network_receive_megabytes"]:
    assert f"system/node-a/{name}" in metrics, sorted(metrics)
assert metrics["own"] == 1 and metrics["system/node-a/system_memory_usage_megabytes"] > 0
history = client.get_metric_history(run.info.run_id, key)
assert [p.step for p in history] == list(range(len(history))) and len(history) >= 3
