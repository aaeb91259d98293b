"""Every call of the Censius SDK, unmodified, against the server at KEDGE_GATEWAY; prints what each answered as JSON."""
import json
import os
import sys
import time

import numpy as np
import pandas as pd

import censius.nlp as nlp
from censius.ml import CensiusClient, DatasetType, ExplanationType, ModelType, Dataset

gateway = os.environ["KEDGE_GATEWAY"]
client = CensiusClient(os.environ["KEDGE_KEY"], 7, gateway)
start = int(os.environ["KEDGE_START"])
answers = {}

rows = 600
random = np.random.default_rng(1)
frame = pd.DataFrame(
    {
        "Age": random.integers(18, 80, rows).astype("int64"),
        "Fare": random.random(rows) * 100,
        "Survived": random.integers(0, 2, rows).astype("int64"),
        "made": [start - 86_400_000 * 30 + i * 4_000_000 for i in range(rows)],
    }
)
answers["dataset"] = client.register_dataset(
    file=frame,
    name="titanic",
    version="1",
    features=[
        {"name": "Age", "type": DatasetType.INT},
        {"name": "Fare", "type": DatasetType.DECIMAL},
        {"name": "Survived", "type": DatasetType.INT},
    ],
    timestamp={"name": "made", "type": DatasetType.UNIX_MS},
)
dataset = answers["dataset"]["datasetId"]
model = dict(
    model_id="survival",
    model_version="v1",
    training_info={"method": Dataset.ID, "id": dataset},
    targets=["Survived"],
    features=["Age", "Fare"],
)
answers["model"] = client.register_model(model_name="Survival", model_type=ModelType.BINARY_CLASSIFICATION, **model)
answers["version"] = client.register_new_model_version(**{**model, "model_version": "v2"})
answers["iteration"] = client.update_model_iteration(
    model_id="survival",
    model_version="v1",
    model_iteration_id="first",
    release_datetime=start,
    dataset_start_datetime=start - 86_400_000,
    dataset_end_datetime=start,
    training_accuracy=0.9,
    validation_accuracy=0.8,
    area_under_curve=0.85,
    samples_count=600,
)
one = dict(
    prediction_id="one",
    model_version="v1",
    model_id="survival",
    features={"Age": 31, "Fare": 12.5},
    prediction={"Survived": {"label": 0, "confidence": 0.8}},
    timestamp=start,
)
answers["log"] = client.log(raw_values={"port": "Dover"}, actual={"Survived": 1}, **one)
answers["logs"] = client.log([{**one, "prediction_id": f"many{i}", "timestamp": start + i * 1000} for i in range(5)])
answers["actual"] = client.update_actual(
    prediction_id="many0", model_id="survival", model_version="v1", actual={"Survived": 1}
)
answers["explanation"] = client.log_explanation(
    prediction_id="one",
    model_id="survival",
    model_version="v1",
    explanation_type=ExplanationType.SHAP,
    explanation_values={"Age": 0.25, "Fare": -0.5},
)
bulk = pd.DataFrame(
    {
        "id": [f"bulk{i}" for i in range(5000)],
        "years": random.integers(18, 80, 5000).astype("int64"),
        "Fare": random.random(5000) * 100,
        "label": random.integers(0, 2, 5000).astype("int64"),
        "confidence": random.random(5000),
        "at": [start + i * 1000 for i in range(5000)],
        "truth": random.integers(0, 2, 5000).astype("int64"),
        "why_age": random.random(5000),
        "why_fare": random.random(5000),
    }
)
answers["bulk"] = client.bulk_log(
    input=bulk,
    prediction_id_column="id",
    model_id="survival",
    model_version="v2",
    predictions={
        "prediction_column": "label",
        "prediction_confidence_column": "confidence",
        "timestamp_column": "at",
        "features": [
            {"feature": "Age", "input_column": "years"},
            {"feature": "Fare", "input_column": "Fare"},
        ],
    },
    actuals="truth",
    explanations={
        "type": "shap",
        "explanation_mapper": [
            {"feature": "Age", "input_column": "why_age"},
            {"feature": "Fare", "input_column": "why_fare"},
        ],
    },
)
answers["wrong"] = client.log(**{**one, "features": {"Age": ["a"]}})
answers["unknown"] = client.register_new_model_version(**{**model, "model_id": "nobody"})

languages = nlp.CensiusClient(os.environ["KEDGE_KEY"], 7, gateway)
texts = pd.DataFrame({"input": [f"text {i}" for i in range(2500)], "output": ["good"] * 2500})
texts.to_csv(os.environ["KEDGE_FILE"], index=False)
answers["nlpDataset"] = languages.register_dataset(
    name="reviews", file=os.environ["KEDGE_FILE"], dataset_type=nlp.DatasetType.TEXT, use_case=nlp.UseCase.SENTIMENT_CLASSIFICATION
)
answers["nlpModel"] = languages.register_model(
    model_name="mood",
    model_type=nlp.ModelType.LLM,
    use_case=nlp.UseCase.SENTIMENT_CLASSIFICATION,
    dataset_id=answers["nlpDataset"]["dataset_id"],
)
answers["nlpLog"] = languages.log(
    log_id="l1",
    model_id=answers["nlpModel"]["details"]["modelId"],
    input="what a day",
    context="a review",
    referenced_output="good",
    prediction="bad",
    timestamp=start,
    confidence_score=0.7,
)
answers["process"] = client.process_model(
    dataset_id=dataset,
    model_id=int(os.environ.get("KEDGE_MODEL", "1")),
    values=[{"target": "Survived"}],
    window_size={"number": 2, "unit": "day"},
)
answers["stranger"] = CensiusClient("not-a-key-of-this-server", 7, gateway).log(**one)
print("ANSWERS" + json.dumps(answers, default=str))
sys.stdout.flush()
