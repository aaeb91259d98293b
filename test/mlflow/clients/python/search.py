"""search_runs as a DataFrame and as a list: filters, order, pages, on runs whose answers are known."""

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

client = MlflowClient()
experiment = mlflow.create_experiment("search")
ids = []
for n in range(30):
    run = client.create_run(experiment, start_time=1000 + n, run_name=f"run-{n:02}", tags={"parity": "even" if n % 2 == 0 else "odd", "mlflow.user": "ada" if n < 20 else "bob"})
    metrics = [Metric("loss", float("nan") if n == 7 else 1 / (n + 1), n, 0), Metric("a metric/with.dots", n, n, 0)]
    client.log_batch(
        run.info.run_id,
        metrics=[] if n == 9 else metrics,
        params=[Param("depth", str(n % 5)), Param("Loss", "Log" if n < 10 else "mse")],
        tags=[RunTag("tenth", str(n % 10 == 0))],
    )
    client.set_terminated(run.info.run_id, "FAILED" if n % 10 == 0 else "FINISHED", end_time=2000 + n)
    ids.append(run.info.run_id)
client.delete_run(ids[29])


def names(filter_string="", **options):
    return [int(r.info.run_name[4:]) for r in client.search_runs([experiment], filter_string, **options)]


newest_first = list(range(28, -1, -1))
assert names() == newest_first
of_mlflow = {
    "metrics.loss > 0.2": [3, 2, 1, 0],
    "metrics.loss <= 0.04 and params.depth = '4'": [24],
    "metrics.`a metric/with.dots` >= 27": [28, 27],
    'metrics."a metric/with.dots" < 1': [0],
    "params.Loss LIKE 'L%' AND attributes.start_time < 1003": [2, 1, 0],
    "params.Loss ILIKE 'LOG' and tags.parity != 'even'": [9, 7, 5, 3, 1],
    "attributes.status = 'FAILED' and tags.tenth = 'True'": [20, 10, 0],
    "status != 'FINISHED' and attribute.`run_name` = 'run-10'": [10],
    "run_name LIKE '%-1_' and params.depth != '0' and params.depth != '1' and params.depth != '2'": [19, 18, 14, 13],
    f"attributes.run_id IN ('{ids[3]}', '{ids[5]}')": [5, 3],
    f"attributes.run_id NOT IN ({', '.join(repr(i) for i in ids[2:])})": [1, 0],
    "attributes.user_id = 'bob' and end_time >= 2027": [28, 27],
    "tags.missing = 'x'": [],
    "tags.`mlflow.user` = 'bob' and params.Loss = 'mse' and attributes.created > 1027": [28],
}
of_kedge = {
    "params.depth = '3' or metrics.loss = 1": [28, 23, 18, 13, 8, 3, 0],
    "NOT (tags.parity = 'odd') and (params.depth = '1' OR params.depth = '2')": [26, 22, 16, 12, 6, 2],
    "attributes.run_name IN ('run-10', 'run-11')": [11, 10],
}
for filter_string, expected in (of_mlflow | of_kedge).items():
    assert names(filter_string) == expected, (filter_string, names(filter_string))

# order: numbers, then NaN, then missing, both ways
up = names(order_by=["metrics.loss ASC"])
assert up == [n for n in range(28, -1, -1) if n not in (7, 9)] + [7, 9], up
down = names(order_by=["metrics.loss DESC"])
assert down == [n for n in range(29) if n not in (7, 9)] + [7, 9], down
assert names(order_by=["params.depth DESC", "attributes.start_time ASC"])[:3] == [4, 9, 14]
assert names(order_by=["tags.parity", "start_time DESC"])[:3] == [28, 26, 24]
assert names(run_view_type=ViewType.DELETED_ONLY) == [29]
assert len(names(run_view_type=ViewType.ALL)) == 30

# pages cover everything once, also while runs are added
seen, token = [], None
while True:
    page = client.search_runs([experiment], "attributes.start_time < 2000", max_results=7, page_token=token)
    seen += [r.info.run_id for r in page]
    token = page.token
    if len(seen) == 14:
        client.create_run(experiment, start_time=5000, run_name="run-99")
    if not token:
        break
assert len(seen) == len(set(seen)) == 29
client.delete_run(client.search_runs([experiment], "run_name = 'run-99'")[0].info.run_id)

# the DataFrame
table = mlflow.search_runs([experiment], filter_string="metrics.loss > 0.3", order_by=["start_time"])
assert list(table["run_id"]) == ids[:3]
assert list(table["metrics.loss"]) == [1, 1 / 2, 1 / 3]
assert list(table["params.depth"]) == ["0", "1", "2"]
assert list(table["tags.parity"]) == ["even", "odd", "even"]
assert table["start_time"].iloc[0] == pd.Timestamp("1970-01-01 00:00:01", tz="UTC")
assert set(table["status"]) == {"FAILED", "FINISHED"}
everything = mlflow.search_runs(experiment_names=["search"])
assert len(everything) == 29 and everything["metrics.loss"].isna().sum() == 2
assert mlflow.search_runs([experiment], output_format="list")[0].info.run_name == "run-28"
assert len(mlflow.search_runs([experiment], max_results=3)) == 3
assert len(mlflow.search_runs(search_all_experiments=True, filter_string="params.Loss = 'mse'")) == 19

# a filter that is wrong says so, and is no server error
for wrong in ["metrics.loss ~ 3", "loss >", "metrics.loss = 'x'", "params.depth > 3", "nothing.at = 'all'", "metrics.loss > 1 and"]:
    try:
        client.search_runs([experiment], wrong)
    except MlflowException as error:
        assert error.error_code == "INVALID_PARAMETER_VALUE" and error.get_http_status_code() == 400, (wrong, error)
    else:
        raise AssertionError(f"{wrong} was taken")

# experiments: filter, order, pages
for name in ["search-b", "search-a", "search-c"]:
    mlflow.create_experiment(name, tags={"of": "search"})
found = client.search_experiments(filter_string="name LIKE 'search-%' and tags.of = 'search'", order_by=["name ASC"])
assert [e.name for e in found] == ["search-a", "search-b", "search-c"]
page = client.search_experiments(max_results=2, order_by=["name DESC"], filter_string="name ILIKE 'SEARCH-%'")
rest = client.search_experiments(max_results=2, order_by=["name DESC"], filter_string="name ILIKE 'SEARCH-%'", page_token=page.token)
assert [e.name for e in page] + [e.name for e in rest] == ["search-c", "search-b", "search-a"] and not rest.token
