from worker.__main__ import ORDER
from worker.app import create_invoice


def test_the_task_prices_the_order():
    assert create_invoice.apply(args=[ORDER]).get()["total"] == "236.81"
