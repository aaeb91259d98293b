# Writes a Delta and an Iceberg table into the folder that is given, step by step; prints what their own readers say.
import json, os, sys
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog.sql import SqlCatalog

root, step = sys.argv[1], sys.argv[2]
rows = lambda a, b: pa.table({"id": pa.array(range(a, b), pa.int64()), "name": [f"n {i} é" for i in range(a, b)], "part": pa.array([i % 2 for i in range(a, b)], pa.int64())})
delta, warehouse = f"{root}/delta", f"{root}/warehouse"
os.makedirs(warehouse, exist_ok=True)
catalog = SqlCatalog("c", uri=f"sqlite:///{root}/catalog.db", warehouse=f"file://{warehouse}")
if step == "first":
    write_deltalake(delta, rows(0, 10), partition_by=["part"])
    write_deltalake(delta, rows(10, 20), mode="append")
    catalog.create_namespace("n")
    table = catalog.create_table("n.t", schema=rows(0, 1).schema)
    table.append(rows(0, 10))
    table.append(rows(10, 20))
elif step == "delete":
    DeltaTable(delta).delete("id < 5")
    catalog.load_table("n.t").delete("id < 5")
elif step == "checkpoint":
    DeltaTable(delta).create_checkpoint()
    write_deltalake(delta, rows(20, 22), mode="append")
table = catalog.load_table("n.t")
print(json.dumps({
    "delta": sorted(DeltaTable(delta).to_pyarrow_table()["id"].to_pylist()),
    "iceberg": sorted(table.scan().to_arrow()["id"].to_pylist()),
    "snapshots": [str(s.snapshot_id) for s in table.metadata.snapshots],
}))
