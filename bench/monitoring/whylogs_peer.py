"""Profiles of two Parquet files as whylogs makes them: whylogs_peer.py REFERENCE CURRENT"""
import json
import sys

import pandas as pd
import whylogs as why

views = [why.log(pd.read_parquet(path)).view() for path in sys.argv[1:3]]
table = views[1].to_pandas()
print(json.dumps({
    "mean": {name: value for name, value in table["distribution/mean"].dropna().items()},
    "missing": {name: value for name, value in table["counts/null"].items()},
    "median": {name: value for name, value in table["distribution/median"].dropna().items()},
    "distinct": {name: value for name, value in table["cardinality/est"].items()},
}))
