"""The words of the shop, as data that has been checked."""

from shop_models.orders import Invoice, Order, OrderLine, Quote
from shop_models.products import Product, Sale

__all__ = ["Invoice", "Order", "OrderLine", "Product", "Quote", "Sale"]
