"""Runs topics, each in a fork of a process that has MLflow and what goes with it imported: that takes longer than most topics.

A line of JSON on standard input, {"file", "directory", "environment"}, is answered by one, {"code", "output"}.
"""

import json
import os
import runpy
import sys
import tempfile
import traceback

import lightgbm  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import mlflow
import mlflow.lightgbm
import mlflow.pyfunc
import mlflow.sklearn
import pandas  # noqa: F401
import sklearn.linear_model  # noqa: F401
import sklearn.model_selection  # noqa: F401


def run(job, output):
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(job["directory"])
    os.environ.update(job["environment"])
    try:
        runpy.run_path(job["file"], run_name="__main__")
        code = 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


for line in sys.stdin:
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            run(json.loads(line), output.fileno())
        _, status = os.waitpid(child, 0)
        output.seek(0)
        text = output.read().decode(errors="replace")
    print(json.dumps({"code": os.waitstatus_to_exitcode(status), "output": text[-6000:]}), flush=True)
