from admin.app import app

client = app.test_client()


def test_health():
    assert client.get("/health").json == {"status": "ok", "service": "admin"}


def test_the_page_counts_the_orders():
    assert "2 open orders" in client.get("/").text


def test_an_unknown_order_is_not_found():
    assert client.get("/orders/7").status_code == 404
