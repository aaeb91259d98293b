"""tritonclient, unmodified, over HTTP (binary tensors, its default) and gRPC, threads, asyncio and stream. Prints what it saw."""
import asyncio
import json
import os
import queue

import ml_dtypes
import numpy as np
import tritonclient.grpc as grpc
import tritonclient.grpc.aio as grpc_aio
import tritonclient.http as http
import tritonclient.http.aio as http_aio
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


def close_many(module, client):
    """A long answer, compressed both ways."""
    tensor = module.InferInput("X", [20 * len(matrix["rows"]), 20], "FP32")
    tensor.set_data_from_numpy(np.array(matrix["rows"] * 20, dtype=np.float32), binary_data=False)
    result = client.infer(
        "matrix",
        [tensor],
        outputs=[module.InferRequestedOutput("probabilities", binary_data=False)],
        request_compression_algorithm="deflate",
        response_compression_algorithm="gzip",
    )
    return close(result, matrix["scores"] * 20)


def refused(call):
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()[:60]]
    return None


def shared_memory(client):
    """Every call of the two extensions, and how each is refused."""
    calls = [
        lambda: client.get_system_shared_memory_status(),
        lambda: client.register_system_shared_memory("a", "/a", 8),
        lambda: client.unregister_system_shared_memory("a"),
        lambda: client.unregister_system_shared_memory(),
        lambda: client.get_cuda_shared_memory_status(),
        lambda: client.register_cuda_shared_memory("a", b"aGFuZGxl", 0, 8),
        lambda: client.unregister_cuda_shared_memory(),
    ]
    return [refused(call)[0] for call in calls]


def in_shared_memory(module):
    tensor = module.InferInput("X", [1, 20], "FP32")
    tensor.set_shared_memory("a", 80)
    return [tensor]


def halves(module):
    """Each type there and back."""
    sent = {}
    inputs = []
    for name, kind, values in (
        ("bool", "BOOL", np.array([[True], [False]])),
        ("uint8", "UINT8", np.array([[0], [255]], dtype=np.uint8)),
        ("uint16", "UINT16", np.array([[0], [65535]], dtype=np.uint16)),
        ("uint32", "UINT32", np.array([[0], [2**32 - 1]], dtype=np.uint32)),
        ("uint64", "UINT64", np.array([[2**53 + 1], [2**64 - 1]], dtype=np.uint64)),
        ("int8", "INT8", np.array([[-128], [127]], dtype=np.int8)),
        ("int16", "INT16", np.array([[-32768], [32767]], dtype=np.int16)),
        ("int32", "INT32", np.array([[-(2**31)], [5]], dtype=np.int32)),
        ("int64", "INT64", np.array([[-(2**63)], [2**53 + 1]], dtype=np.int64)),
        ("fp16", "FP16", np.array([[1.5], [-2]], dtype=np.float16)),
        ("bf16", "BF16", np.array([[1.5], [-2]], dtype=ml_dtypes.bfloat16)),
        ("fp32", "FP32", np.array([[1.5], [0.1]], dtype=np.float32)),
        ("fp64", "FP64", np.array([[0.1], [-1e300]], dtype=np.float64)),
        ("bytes", "BYTES", np.array([[""], [":-)"]], dtype=object)),
    ):
        tensor = module.InferInput(name, [2, 1], kind)
        tensor.set_data_from_numpy(values)
        inputs.append(tensor)
        sent[name] = values
    return inputs, sent


def returned(result, sent):
    def same(name, values):
        found = result.as_numpy(f"{name}_out")
        if name == "bytes":
            return [one.decode() for one in found.flatten()] == list(values.flatten())
        return found.dtype == values.dtype and np.array_equal(found, values)

    return [name for name, values in sent.items() if not same(name, values)]


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
    "shared memory": shared_memory(client),
    "tensor in shared memory": refused(lambda: client.infer("matrix", in_shared_memory(http)))[0],
    "config": client.get_model_config("matrix")["max_batch_size"],
    "load": client.load_model("matrix"),
    "unload": refused(lambda: client.unload_model("matrix"))[0],
    "trace": refused(lambda: client.get_trace_settings())[0],
    "long": close_many(http, client),
    "classes": refused(
        lambda: client.infer(
            "matrix", matrix_inputs(http), outputs=[http.InferRequestedOutput("label", class_count=2)]
        )
    )[0],
    "timed": close(client.infer("matrix", matrix_inputs(http), priority=1, timeout=30_000_000), matrix["scores"]),
    "late": refused(lambda: client.infer("matrix", matrix_inputs(http), sequence_id=3))[0],
    "version": client.infer("matrix", matrix_inputs(http), model_version="1").get_response()["model_version"],
}
inputs, sent = halves(http)
seen["http"]["types"] = returned(client.infer("identity", inputs), sent)
statistics = client.get_inference_statistics("matrix")["model_stats"][0]
seen["http"]["statistics"] = statistics["inference_count"] > 0 and len(client.get_inference_statistics()["model_stats"]) == 3
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
    "load": client.load_model("delay"),
    "configured": refused(lambda: client.load_model("delay", config="{}"))[0],
    "unload": refused(lambda: client.unload_model("delay"))[0],
    "shared memory": shared_memory(client),
    "tensor in shared memory": refused(lambda: client.infer("matrix", in_shared_memory(grpc)))[0],
    "config": client.get_model_config("matrix").config.max_batch_size,
    "statistics": client.get_inference_statistics("matrix").model_stats[0].inference_count > 0,
    "gzip": close(client.infer("matrix", matrix_inputs(grpc), compression_algorithm="gzip"), matrix["scores"]),
    "timed": close(
        client.infer("matrix", matrix_inputs(grpc), client_timeout=30, timeout=30_000_000, priority=2), matrix["scores"]
    ),
    "late": refused(lambda: client.infer("matrix", matrix_inputs(grpc), sequence_id=3))[0],
}
inputs, sent = halves(grpc)
seen["grpc"]["types"] = returned(client.infer("identity", inputs), sent)
answers = queue.Queue()
client.start_stream(lambda result, error: answers.put((result, error)))
for i in range(5):
    client.async_stream_infer("matrix", matrix_inputs(grpc), request_id=f"stream-{i}")
streamed = [answers.get(timeout=20) for _ in range(5)]
client.stop_stream()
seen["grpc"]["stream"] = all(error is None and close(result, matrix["scores"]) for result, error in streamed)
seen["grpc"]["order"] = [result.get_response().id for result, _ in streamed]


async def asynchronously(module, base, address):
    async with base.InferenceServerClient(address) as client:
        results = await asyncio.gather(*[client.infer("matrix", matrix_inputs(module)) for _ in range(20)])
        found = {
            "live": await client.is_server_live(),
            "model": await client.is_model_ready("matrix"),
            "matrix": all(close(result, matrix["scores"]) for result in results),
        }
        try:
            await client.infer("nothing", matrix_inputs(module))
        except InferenceServerException as error:
            found["absent"] = error.status()
        try:
            await client.register_system_shared_memory("a", "/a", 8)
        except InferenceServerException as error:
            found["shared memory"] = error.status()
        if base is grpc_aio:

            async def requests():
                for i in range(5):
                    yield {"model_name": "matrix", "inputs": matrix_inputs(module), "request_id": f"aio-{i}"}

            found["stream"] = []
            async for result, error in client.stream_infer(requests()):
                found["stream"].append(result.get_response().id if error is None else str(error))
        return found


seen["http.aio"] = asyncio.run(asynchronously(http, http_aio, os.environ["HTTP"]))
seen["grpc.aio"] = asyncio.run(asynchronously(grpc, grpc_aio, os.environ["GRPC"]))
print(json.dumps(seen))
