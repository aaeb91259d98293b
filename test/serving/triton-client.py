"""tritonclient, unmodified, over HTTP (binary tensors, its default) and gRPC. Prints what it saw as JSON."""
import json
import os
import queue

import numpy as np
import tritonclient.grpc as grpc
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

with open(os.environ["EXPECTED_DELAY"]) as file:
    delay = json.load(file)
with open(os.environ["EXPECTED_MATRIX"]) as file:
    matrix = json.load(file)


def delay_inputs(module, binary=None):
    rows = delay["instances"]
    more = {} if binary is None else {"binary_data": binary}
    inputs = []
    for name in ("distance", "hour"):
        tensor = module.InferInput(name, [len(rows), 1], "FP32")
        tensor.set_data_from_numpy(np.array([[row[name]] for row in rows], dtype=np.float32), **more)
        inputs.append(tensor)
    origin = module.InferInput("origin", [len(rows), 1], "BYTES")
    origin.set_data_from_numpy(np.array([[row["origin"]] for row in rows], dtype=object), **more)
    return inputs + [origin]


def matrix_inputs(module):
    tensor = module.InferInput("X", [len(matrix["rows"]), 20], "FP32")
    tensor.set_data_from_numpy(np.array(matrix["rows"], dtype=np.float32))
    return [tensor]


def close(result, expected):
    return bool(np.allclose(result.as_numpy("probabilities")[:, 1], expected, atol=1e-5))


def refused(call):
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()[:60]]
    return None


seen = {}
client = http.InferenceServerClient(os.environ["HTTP"])
seen["http"] = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model": client.is_model_ready("delay"),
    "name": client.get_server_metadata()["name"],
    "inputs": [tensor["name"] for tensor in client.get_model_metadata("delay")["inputs"]],
    "index": [model["name"] for model in client.get_model_repository_index()],
    "delay": close(client.infer("delay", delay_inputs(http), request_id="http-1"), delay["scores"]),
    "json": close(
        client.infer(
            "delay",
            delay_inputs(http, False),
            outputs=[http.InferRequestedOutput("probabilities", binary_data=False)],
            request_id="http-2",
        ),
        delay["scores"],
    ),
    "matrix": close(client.infer("matrix", matrix_inputs(http)), matrix["scores"]),
    "gzip": close(
        client.infer("matrix", matrix_inputs(http), request_compression_algorithm="gzip"), matrix["scores"]
    ),
    "labels": client.infer("delay", delay_inputs(http)).as_numpy("label").dtype.name,
    "absent": refused(lambda: client.infer("nothing", matrix_inputs(http))),
    "wrong": refused(lambda: client.infer("delay", matrix_inputs(http))),
    "shared memory": refused(lambda: client.register_system_shared_memory("a", "/a", 8)) is not None,
}
asynchronous = [client.async_infer("matrix", matrix_inputs(http)) for _ in range(20)]
seen["http"]["async"] = all(close(request.get_result(), matrix["scores"]) for request in asynchronous)

client = grpc.InferenceServerClient(os.environ["GRPC"])
answer = client.infer("delay", delay_inputs(grpc), request_id="grpc-1")
seen["grpc"] = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model": client.is_model_ready("delay"),
    "name": client.get_server_metadata().name,
    "inputs": [tensor.name for tensor in client.get_model_metadata("delay").inputs],
    "index": [model.name for model in client.get_model_repository_index().models],
    "delay": close(answer, delay["scores"]),
    "id": answer.get_response().id,
    "version": answer.get_response().model_version,
    "matrix": close(client.infer("matrix", matrix_inputs(grpc), model_version="1"), matrix["scores"]),
    "absent": refused(lambda: client.infer("nothing", matrix_inputs(grpc))),
    "wrong": refused(lambda: client.infer("delay", matrix_inputs(grpc))),
    "load": refused(lambda: client.load_model("delay"))[0],
}
answers = queue.Queue()
client.start_stream(lambda result, error: answers.put((result, error)))
for i in range(5):
    client.async_stream_infer("matrix", matrix_inputs(grpc), request_id=f"stream-{i}")
streamed = [answers.get(timeout=20) for _ in range(5)]
client.stop_stream()
seen["grpc"]["stream"] = all(error is None and close(result, matrix["scores"]) for result, error in streamed)
seen["grpc"]["order"] = [result.get_response().id for result, _ in streamed]
print(json.dumps(seen))
