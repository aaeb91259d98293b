"""MlflowClient's registry: models, versions, aliases, tags, stages, searches, copies, removals."""

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

client = MlflowClient()


def refused(code, status, call):
    try:
        call()
    except MlflowException as error:
        assert (error.error_code, error.get_http_status_code()) == (code, status), error
    else:
        raise AssertionError(f"{code} expected")


mlflow.set_experiment("registry")
with mlflow.start_run() as run:
    mlflow.log_dict({"weights": [1, 2]}, "model/weights.json")
source = f"runs:/{run.info.run_id}/model"

# models
made = client.create_registered_model("anchors", tags={"team": "a", "größe": "1"}, description="first")
assert made.name == "anchors" and made.tags == {"team": "a", "größe": "1"} and made.description == "first"
refused("RESOURCE_ALREADY_EXISTS", 400, lambda: client.create_registered_model("anchors"))
refused("RESOURCE_DOES_NOT_EXIST", 404, lambda: client.get_registered_model("missing"))
refused("INVALID_PARAMETER_VALUE", 400, lambda: client.create_registered_model(""))
client.update_registered_model("anchors", "second")
client.set_registered_model_tag("anchors", "owner", "me")
client.delete_registered_model_tag("anchors", "team")
got = client.get_registered_model("anchors")
assert got.description == "second" and got.tags == {"owner": "me", "größe": "1"}
assert got.last_updated_timestamp >= got.creation_timestamp

# versions
for n in range(1, 4):
    version = client.create_model_version("anchors", source, run.info.run_id, tags={"n": str(n)}, description=f"number {n}")
    assert (str(version.version), version.status, version.run_id, version.source) == (str(n), "READY", run.info.run_id, source)
client.update_model_version("anchors", "1", "the first")
client.set_model_version_tag("anchors", "1", "approved", "yes")
client.delete_model_version_tag("anchors", "1", "n")
first = client.get_model_version("anchors", "1")
assert first.description == "the first" and first.tags == {"approved": "yes"}
assert client.get_model_version_download_uri("anchors", "1").startswith("mlflow-artifacts:")
assert mlflow.artifacts.load_dict("models:/anchors/1/weights.json") == {"weights": [1, 2]}
refused("RESOURCE_DOES_NOT_EXIST", 404, lambda: client.get_model_version("anchors", "77"))
refused("RESOURCE_DOES_NOT_EXIST", 404, lambda: client.create_model_version("missing", source, run.info.run_id))

# aliases move, are seen on both sides, and end with what they name
client.set_registered_model_alias("anchors", "champion", "1")
client.set_registered_model_alias("anchors", "champion", "2")
client.set_registered_model_alias("anchors", "shadow", "2")
assert client.get_registered_model("anchors").aliases == {"champion": "2", "shadow": "2"}
assert sorted(client.get_model_version("anchors", "2").aliases) == ["champion", "shadow"]
assert client.get_model_version_by_alias("anchors", "champion").version in (2, "2")
assert mlflow.artifacts.load_dict("models:/anchors@champion/weights.json") == {"weights": [1, 2]}
client.delete_registered_model_alias("anchors", "shadow")
refused("INVALID_PARAMETER_VALUE", 400, lambda: client.get_model_version_by_alias("anchors", "shadow"))
refused("INVALID_PARAMETER_VALUE", 400, lambda: client.set_registered_model_alias("anchors", "v7", "1"))
refused("INVALID_PARAMETER_VALUE", 400, lambda: client.set_registered_model_alias("anchors", "latest", "1"))

# stages
client.transition_model_version_stage("anchors", "1", "Production")
client.transition_model_version_stage("anchors", "2", "Production", archive_existing_versions=True)
client.transition_model_version_stage("anchors", "3", "Staging")
stages = {str(v.version): v.current_stage for v in client.search_model_versions("name='anchors'")}
assert stages == {"1": "Archived", "2": "Production", "3": "Staging"}
latest = client.get_latest_versions("anchors", ["Production", "Staging"])
assert sorted(str(v.version) for v in latest) == ["2", "3"]
assert sorted(str(v.version) for v in client.get_latest_versions("anchors")) == ["1", "2", "3"]
assert mlflow.artifacts.load_dict("models:/anchors/Staging/weights.json") == {"weights": [1, 2]}
refused("INVALID_PARAMETER_VALUE", 400, lambda: client.transition_model_version_stage("anchors", "1", "Somewhere"))

# searches
for name in ["other", "another", "Anchors-2"]:
    client.create_registered_model(name, tags={"kind": "small"})
assert [m.name for m in client.search_registered_models("name LIKE 'anch%'")] == ["anchors"]
assert sorted(m.name for m in client.search_registered_models("name ILIKE 'ANCH%'")) == ["Anchors-2", "anchors"]
assert [m.name for m in client.search_registered_models("tags.kind = 'small'", order_by=["name DESC"])] == ["other", "another", "Anchors-2"]
page = client.search_registered_models(max_results=3)
rest = client.search_registered_models(max_results=3, page_token=page.token)
assert sorted(m.name for m in [*page, *rest]) == sorted(["anchors", "other", "another", "Anchors-2"]) and not rest.token
assert [str(v.version) for v in client.search_model_versions("name='anchors'", order_by=["version_number DESC"])] == ["3", "2", "1"]
assert [str(v.version) for v in client.search_model_versions("name='anchors'", order_by=["version_number ASC"])] == ["1", "2", "3"]
assert len(client.search_model_versions(f"run_id = '{run.info.run_id}'")) == 3
assert [str(v.version) for v in client.search_model_versions("name='anchors' and tags.approved = 'yes'")] == ["1"]
page = client.search_model_versions("name='anchors'", max_results=2)
rest = client.search_model_versions("name='anchors'", max_results=2, page_token=page.token)
assert sorted(str(v.version) for v in [*page, *rest]) == ["1", "2", "3"]
refused("INVALID_PARAMETER_VALUE", 400, lambda: client.search_registered_models("nonsense ="))
assert [m.name for m in mlflow.search_registered_models(filter_string="name = 'other'")] == ["other"]
assert len(mlflow.search_model_versions(filter_string="name = 'anchors'")) == 3

# a copy keeps its source; a registered version's address names another
copied = client.copy_model_version("models:/anchors@champion", "copies")
assert (copied.name, str(copied.version)) == ("copies", "1") and copied.source == "models:/anchors/2"
assert mlflow.artifacts.load_dict("models:/copies/1/weights.json") == {"weights": [1, 2]}

# removals
client.rename_registered_model("other", "renamed")
assert client.get_registered_model("renamed").tags == {"kind": "small"}
client.delete_model_version("anchors", "2")
refused("INVALID_PARAMETER_VALUE", 400, lambda: client.get_model_version_by_alias("anchors", "champion"))
assert str(client.create_model_version("anchors", source, run.info.run_id).version) == "4", "numbers are not used again"
client.delete_registered_model("renamed")
refused("RESOURCE_DOES_NOT_EXIST", 404, lambda: client.get_registered_model("renamed"))
