"""Drift and summary of two Parquet files as Evidently's presets give them: evidently_peer.py REFERENCE CURRENT"""
import json
import sys

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset, DataSummaryPreset

reference, current = (pd.read_parquet(path) for path in sys.argv[1:3])
numbers = [name for name in reference if pd.api.types.is_numeric_dtype(reference[name])]
definition = DataDefinition(numerical_columns=numbers, categorical_columns=[name for name in reference if name not in numbers])
sets = [Dataset.from_pandas(frame, data_definition=definition) for frame in (reference, current)]
result = json.loads(Report([DataDriftPreset(), DataSummaryPreset()]).run(sets[1], sets[0]).json())
found = {"drift": {}, "mean": {}, "missing": {}}
for metric in result["metrics"]:
    config, value = metric.get("config", {}), metric["value"]
    kind, column = config.get("type", ""), config.get("column")
    if kind.endswith("ValueDrift"):
        found["drift"][column] = [config.get("method"), value]
    if kind.endswith("MeanValue"):
        found["mean"][column] = value
    if kind.endswith("MissingValueCount") and isinstance(value, dict):
        found["missing"][column] = value["count"]
print(json.dumps(found))
