from decimal import Decimal

import pytest
from shop_models import Order, OrderLine
from shop_pricing import UnknownSkuError, invoice, quote


@pytest.mark.parametrize(("pieces", "total"), [(1, "12.50"), (10, "112.50"), (50, "531.25")])
def test_more_pieces_cost_less_each(pieces, total):
    assert quote("mug", pieces).total == Decimal(total)


def test_an_unknown_product_has_no_price():
    with pytest.raises(UnknownSkuError):
        quote("sofa")


def test_an_invoice_adds_vat():
    order = Order(number=1, customer="Ada", lines=[OrderLine(sku="teapot", pieces=1)])
    assert invoice(order).total == Decimal("76.16")
