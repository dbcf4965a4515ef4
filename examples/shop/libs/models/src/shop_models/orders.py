"""What a customer asks for, and what it costs."""

from pydantic import BaseModel, Field

from shop_models.products import Money, Sku


class OrderLine(BaseModel):
    """Some pieces of one product."""

    sku: Sku
    pieces: int = Field(gt=0)


class Order(BaseModel):
    """What one customer wants to have."""

    number: int
    customer: str
    lines: list[OrderLine] = Field(min_length=1)


class Quote(BaseModel):
    """The price of some pieces of one product, discount included."""

    sku: Sku
    pieces: int
    discount_percent: int
    total: Money


class Invoice(BaseModel):
    """What an order costs: `total` is `net` and `vat` together."""

    number: int
    customer: str
    lines: list[Quote]
    net: Money
    vat: Money
    total: Money
