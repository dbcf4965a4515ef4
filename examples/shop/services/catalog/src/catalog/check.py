"""Asks a server of this process about its health and about one product."""

import json

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from catalog.server import SERVICE, create, to_bytes


def check(threads: int) -> None:
    """Print the answers; any other answer than a good one is an exception."""
    server, port = create("127.0.0.1:0", threads)
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        request = health_pb2.HealthCheckRequest(service=SERVICE)
        status = health_pb2_grpc.HealthStub(channel).Check(request, timeout=10).status
        get_product = channel.unary_unary(f"/{SERVICE}/GetProduct", to_bytes, json.loads)
        product = get_product({"sku": "teapot"}, timeout=10)
    server.stop(grace=None).wait()
    name = health_pb2.HealthCheckResponse.ServingStatus.Name(status)
    print(f"catalog is {name}: {product['name']} costs {product['price']} EUR")
    print(f"threads: {threads}")
