"""Univariate drift in 10 chunks as NannyML computes it: nannyml_peer.py REFERENCE CURRENT"""
import json
import sys

import pandas as pd
import nannyml

reference, current = (pd.read_parquet(path) for path in sys.argv[1:3])
calculator = nannyml.UnivariateDriftCalculator(
    column_names=list(reference),
    continuous_methods=["jensen_shannon"],
    categorical_methods=["jensen_shannon"],
    chunk_number=10,
).fit(reference)
table = calculator.calculate(current).filter(period="analysis").to_df()
print(json.dumps({"drift": {name: float(table[(name, "jensen_shannon", "value")].mean()) for name in reference}}))
