"""Days until Evidently's default drift preset alarms on the streams of detection-delay.ts: sys.argv[1] is their folder."""
import json
import os
import sys
import warnings

import pandas as pd

warnings.filterwarnings("ignore")
from evidently import DataDefinition, Dataset, Report  # noqa: E402
from evidently.presets import DataDriftPreset  # noqa: E402

definition = DataDefinition(numerical_columns=["x", "y", "score"], categorical_columns=["group"])


def drifted(reference, current):
    result = Report([DataDriftPreset()]).run(Dataset.from_pandas(current, definition), reference)
    metrics = json.loads(result.json())["metrics"]
    count = next(m["value"] for m in metrics if "DriftedColumnsCount" in json.dumps(m.get("metric_name", m.get("metric_id", ""))))
    return count["count"], count["share"]


found = {}
for name in sorted(os.listdir(sys.argv[1])):
    rows = pd.read_csv(os.path.join(sys.argv[1], name, "rows.csv"))
    columns = ["x", "y", "score", "group"]
    reference = Dataset.from_pandas(rows[rows.day < -50][columns], definition)
    own = {}
    for day in range(1, 29):
        window = rows[(rows.day >= day - 7) & (rows.day < day)][columns]
        count, share = drifted(reference, window)
        if count > 0:
            own.setdefault("any column", day)
        if share >= 0.5:
            own.setdefault("half of the columns", day)
            break
    found[name] = own
    print(name, own, file=sys.stderr)
print(json.dumps(found))
