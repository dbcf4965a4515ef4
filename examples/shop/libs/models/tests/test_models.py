import pytest
from pydantic import ValidationError
from shop_models import Order, Product


def test_a_price_has_at_most_two_decimals():
    with pytest.raises(ValidationError):
        Product(sku="mug", name="Mug", price="1.999")


def test_an_order_has_a_line():
    with pytest.raises(ValidationError):
        Order(number=1, customer="Ada", lines=[])
