"""Days until NannyML's defaults alarm on the streams of detection-delay.ts: sys.argv[1] is their folder."""
import json
import os
import sys
import warnings

import pandas as pd

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.filterwarnings("ignore")
import nannyml as nml  # noqa: E402

columns = ["x", "y", "score", "group"]
found = {}
for name in sorted(os.listdir(sys.argv[1])):
    rows = pd.read_csv(os.path.join(sys.argv[1], name, "rows.csv"))
    rows["predicted"] = (rows.score >= 0.5).astype(int)
    reference = rows[rows.day < -50].reset_index(drop=True)
    size = 1400
    drift = nml.UnivariateDriftCalculator(column_names=columns, chunk_size=size).fit(reference[columns])
    rotation = nml.DataReconstructionDriftCalculator(column_names=["x", "y", "group"], chunk_size=size).fit(reference[columns])
    performance = nml.PerformanceCalculator(
        y_true="label", y_pred_proba="score", y_pred="predicted", problem_type="classification_binary",
        metrics=["roc_auc", "f1"], chunk_size=size,
    ).fit(reference)
    own = {}
    for day in range(1, 29):
        window = rows[(rows.day >= day - 7) & (rows.day < day)].reset_index(drop=True)
        if "univariate" not in own:
            frame = drift.calculate(window[columns]).filter(period="analysis").to_df()
            if any(bool(frame[c].iloc[0]) for c in frame.columns if c[-1] == "alert"):
                own["univariate"] = day
        if "reconstruction" not in own:
            frame = rotation.calculate(window[columns]).filter(period="analysis").to_df()
            if any(bool(frame[c].iloc[0]) for c in frame.columns if c[-1] == "alert"):
                own["reconstruction"] = day
        if "performance" not in own:
            frame = performance.calculate(window).filter(period="analysis").to_df()
            if any(bool(frame[c].iloc[0]) for c in frame.columns if c[-1] == "alert"):
                own["performance"] = day
        if len(own) == 3:
            break
    found[name] = own
    print(name, own, file=sys.stderr)
print(json.dumps(found))
