"""Saves a model into argv[1] that misbehaves as the value of its column says, and answers twice the value otherwise."""

import sys
import warnings

warnings.filterwarnings("ignore")
import mlflow.pyfunc
import numpy as np
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema


class Unruly(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        import ctypes
        import os
        import subprocess
        import sys as system
        import time

        value = float(model_input["x"].iloc[0])
        kept = self.__dict__.setdefault("kept", [])
        if value == -1:
            os._exit(3)
        if value == -2:
            time.sleep(3600)
        if value == -3:
            kept.append(bytearray(os.urandom(1)) * (200 * 2**20))
        if value == -4:
            system.exit(5)
        if value == -5:
            os.fork()
        if value == -6:
            for i in range(20000):
                print("line", i)
            print("x" * 5_000_000, flush=True)
            print("to the errors", file=system.stderr)
        if value == -7:
            os.closerange(0, 256)
        if value == -8:
            ctypes.string_at(0)
        if value == -9:
            raise RuntimeError("out of sorts")
        if value == -10:
            marker = os.environ["HOME"] + "/died-once"
            if not os.path.exists(marker):
                open(marker, "w").close()
                os._exit(4)
        if value == -11:
            subprocess.Popen(["sleep", "3600"])
            return np.array([float(os.getpid())])
        if value == -12:
            os.write(4, b"\xff" * 64)
        if value == -13:
            return np.zeros(7)
        if value == -14:
            kept.append(bytearray(64 * 2**30))
        return model_input["x"].to_numpy() * 2


signature = ModelSignature(inputs=Schema([ColSpec("double", "x")]), outputs=Schema([ColSpec("double")]))
mlflow.pyfunc.save_model(sys.argv[1], python_model=Unruly(), signature=signature, pip_requirements=["mlflow"])
