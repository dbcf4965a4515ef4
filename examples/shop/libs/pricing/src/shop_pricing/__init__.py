"""The price list, discounts and invoices."""

from shop_pricing.invoices import invoice
from shop_pricing.prices import UnknownSkuError, price_list, quote

__all__ = ["UnknownSkuError", "invoice", "price_list", "quote"]
