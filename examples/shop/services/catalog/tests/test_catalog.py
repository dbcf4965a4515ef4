import json

import grpc
import pytest
from catalog.check import check
from catalog.server import SERVICE, create, to_bytes


def test_the_check_prints_the_health_and_a_product(capsys):
    check(threads=3)
    assert capsys.readouterr().out == (
        "catalog is SERVING: Cast iron teapot costs 64.00 EUR\nthreads: 3\n"
    )


def test_an_unknown_product_is_not_found():
    server, port = create("127.0.0.1:0", threads=1)
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        get_product = channel.unary_unary(f"/{SERVICE}/GetProduct", to_bytes, json.loads)
        with pytest.raises(grpc.RpcError) as caught:
            get_product({"sku": "sofa"}, timeout=10)
    server.stop(grace=None)
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
