"""The server: `shop.v1.Catalog/GetProduct`, with JSON for messages, and the health service."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from shop_pricing import price_list

SERVICE = "shop.v1.Catalog"
STOP = {signal.SIGINT, signal.SIGTERM}


def to_bytes(message: dict[str, Any]) -> bytes:
    """Write a message as JSON."""
    return json.dumps(message).encode()


def get_product(request: dict[str, Any], context: grpc.ServicerContext) -> dict[str, Any]:
    """Answer with the product of `request["sku"]`."""
    product = price_list().get(request.get("sku", ""))
    if product is None:
        context.abort(grpc.StatusCode.NOT_FOUND, f"no product `{request.get('sku')}`")
    return product.model_dump(mode="json")


def create(address: str, threads: int) -> tuple[grpc.Server, int]:
    """Return a server that is bound but not started, and its port."""
    server = grpc.server(ThreadPoolExecutor(threads))
    method = grpc.unary_unary_rpc_method_handler(get_product, json.loads, to_bytes)
    handler = grpc.method_handlers_generic_handler(SERVICE, {"GetProduct": method})
    server.add_generic_rpc_handlers((handler,))
    status = health.HealthServicer()
    status.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    return server, server.add_insecure_port(address)


def serve(port: int, threads: int) -> None:
    """Serve until the process is asked to stop, then finish what has begun."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    server, port = create(f"0.0.0.0:{port}", threads)
    server.start()
    print(f"catalog listens on port {port} with {threads} threads", flush=True)
    signal.sigwait(STOP)
    server.stop(grace=5).wait()
