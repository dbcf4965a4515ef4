from fastapi.testclient import TestClient
from storefront.main import app

client = TestClient(app)


def test_health():
    assert client.get("/health").json() == {"status": "ok", "service": "storefront"}


def test_a_price_is_counted():
    assert client.get("/price/mug", params={"pieces": 10}).json()["total"] == "112.50"
    assert 'shop_quotes_total{sku="mug"} 1.0' in client.get("/metrics").text


def test_an_unknown_product_is_not_found():
    assert client.get("/price/sofa").status_code == 404
