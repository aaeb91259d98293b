"""Performance expected without truth as NannyML's CBPE gives it, in 10 chunks: nannyml_cbpe.py REFERENCE CURRENT"""
import json
import sys

import pandas as pd
import nannyml

columns = ["late", "p_late"]
reference, current = (pd.read_parquet(path, columns=columns) for path in sys.argv[1:3])
for frame in (reference, current):
    frame["y_pred"] = (frame.p_late >= 0.5).astype(int)
estimator = nannyml.CBPE(
    y_pred_proba="p_late", y_pred="y_pred", y_true="late", metrics=["roc_auc", "accuracy"], chunk_number=10,
    problem_type="classification_binary",
).fit(reference)
table = estimator.estimate(current).filter(period="analysis").to_df()
print(json.dumps({name: float(table[(name, "value")].mean()) for name in ("roc_auc", "accuracy")}))
