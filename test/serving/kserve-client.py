"""KServe's Python client, unmodified, over REST (JSON and binary tensors) and gRPC. Prints what it saw as JSON."""
import asyncio
import json
import os

import grpc
import numpy as np
from httpx import HTTPStatusError
from kserve import InferInput, InferRequest, InferenceGRPCClient, InferenceRESTClient
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

with open(os.environ["EXPECTED_DELAY"]) as file:
    delay = json.load(file)
rows = delay["instances"]


def request(name="delay", binary=False, request_id=None, outputs=None):
    inputs = []
    for column in ("distance", "hour"):
        tensor = InferInput(column, [len(rows), 1], "FP32")
        tensor.set_data_from_numpy(np.array([[row[column]] for row in rows], dtype=np.float32), binary_data=binary)
        inputs.append(tensor)
    origin = InferInput("origin", [len(rows), 1], "BYTES")
    origin.set_data_from_numpy(np.array([[row["origin"]] for row in rows], dtype=object), binary_data=binary)
    return InferRequest(name, inputs + [origin], request_id=request_id, request_outputs=outputs)


def close(response):
    found = next(output for output in response.outputs if output.name == "probabilities")
    return bool(np.allclose(found.as_numpy().reshape(-1, 2)[:, 1], delay["scores"], atol=1e-5))


async def main():
    seen = {}
    http = os.environ["HTTP"]
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        answer = await client.infer(http, request(request_id="kserve-1"), model_name="delay")
        binary = await client.infer(
            http,
            request(binary=True, outputs=[RequestedOutput("probabilities", {"binary_data": True})]),
            model_name="delay",
        )
        seen["rest"] = {
            "live": await client.is_server_live(http),
            "ready": await client.is_server_ready(http),
            "model": await client.is_model_ready(http, "delay"),
            "delay": close(answer),
            "id": answer.id,
            "binary": close(binary),
            "outputs": [output.name for output in binary.outputs],
        }
        try:
            await client.infer(http, request("nothing"), model_name="nothing")
        except HTTPStatusError as error:
            seen["rest"]["absent"] = error.response.status_code
    async with InferenceGRPCClient(os.environ["GRPC"]) as client:
        answer = await client.infer(request(request_id="kserve-2"))
        binary = await client.infer(request(binary=True))
        seen["grpc"] = {
            "live": await client.is_server_live(),
            "ready": await client.is_server_ready(),
            "model": await client.is_model_ready("delay"),
            "delay": close(answer),
            "id": answer.id,
            "binary": close(binary),
        }
        try:
            await client.infer(request("nothing"))
        except grpc.RpcError as error:
            seen["grpc"]["absent"] = error.code().name
    print(json.dumps(seen))


asyncio.run(main())
