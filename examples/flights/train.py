"""Trains "will this flight be more than 15 minutes late?" from what is known before departure.

Kedge gives the paths: KEDGE_INPUT_ROWS (Parquet) in, KEDGE_OUTPUT_MODEL (folder) out. Everything else here is plain
scikit-learn and MLflow; MLFLOW_TRACKING_URI and MLFLOW_RUN_ID make the logged run part of the pipeline run.
"""

import json
import logging
import os
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import duckdb
import mlflow
import mlflow.sklearn
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import TargetEncoder

# said by scikit-learn 1.9 of a setting that 1.6 needs, and by MLflow of pickled models, which Kedge never loads
warnings.filterwarnings("ignore", category=FutureWarning, module="sklearn")
logging.getLogger("mlflow").setLevel(logging.ERROR)

NUMBERS = ["hour", "weekday", "distance"]
CATEGORIES = ["origin", "destination"]
FEATURES = NUMBERS + CATEGORIES
TARGET = "late"
MAX_ROWS = int(os.environ.get("KEDGE_PARAM_MAX_ROWS", "300000"))
PARAMS = {"max_iter": 100, "learning_rate": 0.1, "max_leaf_nodes": 15, "smooth": 200.0}


def read(path):
    """Rows in time order as (matrix of objects: numbers are float32, categories text; truth 0/1).

    Of more than MAX_ROWS every k-th is taken, so that a long window costs no more than a short one.
    """
    columns = ", ".join(f'"{name}"' for name in [*FEATURES, TARGET])
    rows = duckdb.sql(f"SELECT {columns} FROM read_parquet('{path}') ORDER BY date, {columns}").fetchnumpy()
    every = -(-len(rows[TARGET]) // MAX_ROWS)
    rows = {name: values[::every] for name, values in rows.items()}
    numbers = [np.asarray(rows[name], dtype=np.float32).astype(object) for name in NUMBERS]
    categories = [np.asarray(rows[name], dtype=object) for name in CATEGORIES]
    return np.column_stack(numbers + categories), np.asarray(rows[TARGET]).astype(int)


def build():
    """Airports become their smoothed, cross-fitted share of late flights; trees do the rest."""
    airports = TargetEncoder(smooth=PARAMS["smooth"], cv=3, random_state=0)
    encode = ColumnTransformer([
        ("numbers", "passthrough", [0, 1, 2]),
        ("airports", airports, [3, 4]),
    ])
    trees = HistGradientBoostingClassifier(
        max_iter=PARAMS["max_iter"],
        learning_rate=PARAMS["learning_rate"],
        max_leaf_nodes=PARAMS["max_leaf_nodes"],
        random_state=0,
    )
    return make_pipeline(encode, trees)


def measures(truth, probability):
    return {
        "log_loss": float(log_loss(truth, probability)),
        "brier": float(brier_score_loss(truth, probability)),
        "auc": float(roc_auc_score(truth, probability)),
        "mean_probability": float(np.mean(probability)),
        "late_share": float(np.mean(truth)),
    }


def export(model, rows, folder):
    """Writes model.onnx with one input per feature, and proves on `rows` that it answers as scikit-learn does."""
    inputs = [(name, FloatTensorType([None, 1])) for name in NUMBERS]
    inputs += [(name, StringTensorType([None, 1])) for name in CATEGORIES]
    onnx = to_onnx(model, initial_types=inputs, options={"zipmap": False}, target_opset=17)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(onnx.SerializeToString())

    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    feed = {name: rows[:, i : i + 1].astype(np.float32) for i, name in enumerate(NUMBERS)}
    feed |= {name: rows[:, 3 + i : 4 + i] for i, name in enumerate(CATEGORIES)}
    answers = session.run(["probabilities"], feed)[0][:, 1]
    expected = model.predict_proba(rows)[:, 1]
    worst = float(np.max(np.abs(answers - expected)))
    if worst > 1e-4:
        raise SystemExit(f"model.onnx answers differently from scikit-learn: by up to {worst:.2g}")
    return worst


def main():
    folder = Path(os.environ["KEDGE_OUTPUT_MODEL"])
    rows, truth = read(os.environ["KEDGE_INPUT_ROWS"])
    cut = int(len(rows) * 0.85)  # the newest rows check the fit; the gate has held-out days of its own
    print(f"{len(rows)} flights, {truth.mean():.1%} of them late", flush=True)

    with mlflow.start_run():
        mlflow.log_params({"model": "HistGradientBoostingClassifier", "rows": len(rows), **PARAMS})
        started = time.time()
        check = build().fit(rows[:cut], truth[:cut])
        for name, value in measures(truth[cut:], check.predict_proba(rows[cut:])[:, 1]).items():
            mlflow.log_metric(name, value)
            print(f"newest 15 %: {name} {value:.4f}", flush=True)

        model = build().fit(rows, truth)
        mlflow.log_metric("fit_seconds", time.time() - started)
        trees = model[-1]
        for step, score in enumerate(trees.train_score_):
            mlflow.log_metric("training_loss", -float(score), step=step)

        difference = export(model, rows[-20_000:], folder)
        mlflow.log_metric("onnx_difference", difference)
        print(f"model.onnx answers as scikit-learn does (largest difference {difference:.2g})", flush=True)
        card = {
            "task": "binary",
            "features": [{"name": name, "type": "number"} for name in NUMBERS]
            + [{"name": name, "type": "category"} for name in CATEGORIES],
            "target": TARGET,
            "positive": "1",
            "time": "date",
        }
        (folder / "kedge-model.json").write_text(json.dumps(card, indent=2) + "\n")
        pins = [f"{name}=={version(name)}" for name in ("scikit-learn", "numpy")]
        mlflow.sklearn.log_model(model, name="model", serialization_format="cloudpickle", pip_requirements=pins)


if __name__ == "__main__":
    main()
