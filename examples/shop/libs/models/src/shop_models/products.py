"""What the shop sells, and what it has sold."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Sku = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
Money = Annotated[Decimal, Field(ge=0, decimal_places=2)]


class Product(BaseModel):
    """Something that can be bought; the price is in EUR."""

    model_config = ConfigDict(frozen=True)

    sku: Sku
    name: str
    price: Money


class Sale(BaseModel):
    """Pieces of one product sold on one day; the amount is in EUR."""

    day: date
    sku: Sku
    pieces: int = Field(gt=0)
    amount: Money
