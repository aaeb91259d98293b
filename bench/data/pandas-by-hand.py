"""What a data scientist writes by hand: read, deduplicate, outliers, derive, write, profile. Prints seconds and the peak of memory in MiB."""
import json
import resource
import sys
import time

began = time.perf_counter()
import pandas as pd

started = time.perf_counter()
used = time.process_time()
frame = pd.read_parquet(sys.argv[1])
frame = frame[(frame["distance"] > 0) & (frame["origin"] != frame["destination"])]
frame = frame.drop_duplicates()
q1, q3 = frame["delay"].quantile([0.25, 0.75])
low, high = q1 - 20 * (q3 - q1), q3 + 20 * (q3 - q1)
quarantine = frame[(frame["delay"] < low) | (frame["delay"] > high)]
frame = frame[(frame["delay"] >= low) & (frame["delay"] <= high)]
frame = frame.assign(hour=frame["date"].dt.hour, weekday=frame["date"].dt.day_of_week + 1, late=(frame["delay"] > 15).astype("int64"))
frame.to_parquet(sys.argv[2] + "/kept.parquet", index=False)
quarantine.to_parquet(sys.argv[2] + "/quarantine.parquet", index=False)
profile = {}
for name in frame.columns:
    column = frame[name]
    found = {"missing": int(column.isna().sum()), "distinct": int(column.nunique())}
    if column.dtype.kind in "if":
        found |= column.describe(percentiles=[0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]).to_dict()
        found["histogram"] = pd.cut(column, 48).value_counts().tolist()
    elif column.dtype.kind == "M":
        found |= {"min": str(column.min()), "max": str(column.max())}
        found["histogram"] = pd.cut(column.astype("int64"), 48).value_counts().tolist()
    else:
        lengths = column.str.len()
        found |= {"top": column.value_counts().head(200).to_dict(), "shortest": int(lengths.min()), "longest": int(lengths.max())}
    profile[name] = found
ended = time.perf_counter()
print(json.dumps({"seconds": ended - started, "whole": ended - began, "cpu": time.process_time() - used, "kept": len(frame), "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
