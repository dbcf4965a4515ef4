"""The orders of today; a real shop would ask its database."""

from shop_models import Order, OrderLine

ORDERS = {
    order.number: order
    for order in (
        Order(number=1001, customer="Ada", lines=[OrderLine(sku="teapot", pieces=1)]),
        Order(number=1002, customer="Grace", lines=[OrderLine(sku="mug", pieces=12)]),
    )
}
