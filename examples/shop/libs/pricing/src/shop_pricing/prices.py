"""The price list, and what some pieces of a product cost."""

from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources

from pydantic import TypeAdapter
from shop_models import Product, Quote

CENT = Decimal("0.01")
DISCOUNTS = ((50, 15), (10, 10))
"""Pieces from which a discount holds, and the discount in percent; best first."""


class UnknownSkuError(LookupError):
    """The price list has no such product."""


@cache
def price_list() -> dict[str, Product]:
    """Return every product by its SKU, in the order of the list."""
    text = resources.files("shop_pricing").joinpath("data/price_list.json").read_text("utf-8")
    return {product.sku: product for product in TypeAdapter(list[Product]).validate_json(text)}


def quote(sku: str, pieces: int = 1) -> Quote:
    """Return what `pieces` of a product cost, or raise `UnknownSkuError`."""
    product = price_list().get(sku)
    if product is None:
        raise UnknownSkuError(sku)
    percent = next((percent for least, percent in DISCOUNTS if pieces >= least), 0)
    total = to_cents(product.price * pieces * (100 - percent) / 100)
    return Quote(sku=sku, pieces=pieces, discount_percent=percent, total=total)


def to_cents(amount: Decimal) -> Decimal:
    """Round to cents, half a cent upwards."""
    return amount.quantize(CENT, ROUND_HALF_UP)
