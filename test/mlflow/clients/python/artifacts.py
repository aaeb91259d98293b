"""Artifacts: texts, dictionaries, images, tables, figures, folders; listed, downloaded, removed."""

import filecmp
import os
import tempfile

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from PIL import Image

client = MlflowClient()
mlflow.set_experiment("artifacts")

with mlflow.start_run() as run:
    mlflow.log_text("größer\n", "notes/größe und mehr.txt")
    mlflow.log_dict({"a": [1, None]}, "conf.json")
    mlflow.log_dict({"b": {"c": 1}}, "conf.yaml")
    picture = np.random.default_rng(1).integers(0, 256, (8, 6, 3), dtype=np.uint8)
    mlflow.log_image(picture, "picture.png")
    mlflow.log_image(Image.fromarray(picture), key="steps", step=0)
    mlflow.log_image(mlflow.Image(picture), key="steps", step=1)
    mlflow.flush_artifact_async_logging()
    figure, axes = plt.subplots()
    axes.plot([0, 1], [2, 3])
    mlflow.log_figure(figure, "figures/line.png")
    mlflow.log_figure(figure, "figures/line.svg")
    mlflow.log_table({"question": ["a", "b"], "score": [1, 2.5]}, "table.json")
    mlflow.log_table(pd.DataFrame({"question": ["c"], "score": [3.0]}), "table.json")
    assert mlflow.get_artifact_uri("x").startswith("mlflow-artifacts:")
identifier = run.info.run_id
base = f"runs:/{identifier}"

assert mlflow.artifacts.load_text(f"{base}/notes/größe und mehr.txt") == "größer\n"
assert mlflow.artifacts.load_dict(f"{base}/conf.json") == {"a": [1, None]}
assert "c: 1" in mlflow.artifacts.load_text(f"{base}/conf.yaml")
assert (np.array(mlflow.artifacts.load_image(f"{base}/picture.png")) == picture).all()
assert sum(f.path.endswith(".png") for f in client.list_artifacts(identifier, "images")) == 2
assert sum(f.path.endswith(".webp") for f in client.list_artifacts(identifier, "images")) == 2
assert mlflow.artifacts.load_image(f"{base}/figures/line.png").size[0] > 100
assert "<svg" in mlflow.artifacts.load_text(f"{base}/figures/line.svg")
table = mlflow.load_table("table.json", run_ids=[identifier], extra_columns=["run_id"])
assert list(table["question"]) == ["a", "b", "c"] and list(table["score"]) == [1, 2.5, 3] and set(table["run_id"]) == {identifier}
assert "table.json" in client.get_run(identifier).data.tags["mlflow.loggedArtifacts"]

with tempfile.TemporaryDirectory() as folder:
    os.makedirs(os.path.join(folder, "deep", "er"))
    for name, size in {"x.bin": 3_000_000, "deep/er/y.bin": 70_000, "empty.bin": 0, "odd &+=~(1).bin": 9}.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(os.urandom(size))
    with mlflow.start_run(run_id=identifier):
        mlflow.log_artifacts(folder, "folder")
        mlflow.log_artifact(os.path.join(folder, "x.bin"))
        mlflow.log_artifact(os.path.join(folder, "deep"), "again")
    listed = {f.path: (f.file_size, f.is_dir) for f in mlflow.artifacts.list_artifacts(f"{base}/folder")}
    assert listed == {
        "folder/deep": (None, True),
        "folder/empty.bin": (0, False),
        "folder/odd &+=~(1).bin": (9, False),
        "folder/x.bin": (3_000_000, False),
    }, listed
    with tempfile.TemporaryDirectory() as target:
        down = mlflow.artifacts.download_artifacts(f"{base}/folder", dst_path=target)
        same, different, failed = filecmp.cmpfiles(folder, down, ["x.bin", "deep/er/y.bin", "empty.bin", "odd &+=~(1).bin"], shallow=False)
        assert len(same) == 4, (different, failed)
        one = client.download_artifacts(identifier, "again/deep/er/y.bin", target)
        assert filecmp.cmp(one, os.path.join(folder, "deep/er/y.bin"), shallow=False)
    with tempfile.TemporaryDirectory() as target:
        whole = mlflow.artifacts.download_artifacts(run_id=identifier, dst_path=target)
        assert sorted(os.listdir(whole)) == ["again", "conf.json", "conf.yaml", "figures", "folder", "images", "notes", "picture.png", "table.json", "x.bin"]

assert client.list_artifacts(identifier, "nothing/here") == []
try:
    mlflow.artifacts.download_artifacts(f"{base}/nothing.txt")
except (MlflowException, OSError):
    pass
else:
    raise AssertionError("a missing artifact was downloaded")

repository = mlflow.store.artifact.artifact_repository_registry.get_artifact_repository(run.info.artifact_uri)
repository.delete_artifacts("folder")
assert client.list_artifacts(identifier, "folder") == []
assert "x.bin" in [f.path for f in client.list_artifacts(identifier)]
