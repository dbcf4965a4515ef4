"""The Celery application and its one task."""

import os
from typing import Any

from celery import Celery
from shop_models import Order
from shop_pricing import invoice
from shop_telemetry import configure

log = configure("worker")
app = Celery(
    "worker",
    broker=os.environ.get("CELERY_BROKER_URL", "amqp://guest:guest@rabbitmq:5672//"),
)
app.conf.broker_connection_retry_on_startup = True


@app.task(name="shop.create_invoice")
def create_invoice(order: dict[str, Any]) -> dict[str, Any]:
    """Turn an order into an invoice, both as JSON objects."""
    made = invoice(Order.model_validate(order))
    log.info("invoice created", number=made.number, total=str(made.total))
    return made.model_dump(mode="json")
