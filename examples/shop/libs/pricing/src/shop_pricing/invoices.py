"""What a whole order costs."""

from decimal import Decimal

from shop_models import Invoice, Order

from shop_pricing.prices import quote, to_cents

VAT_PERCENT = 19


def invoice(order: Order) -> Invoice:
    """Price every line of an order and add value-added tax."""
    lines = [quote(line.sku, line.pieces) for line in order.lines]
    net = sum((line.total for line in lines), Decimal())
    vat = to_cents(net * VAT_PERCENT / 100)
    return Invoice(
        number=order.number,
        customer=order.customer,
        lines=lines,
        net=net,
        vat=vat,
        total=net + vat,
    )
