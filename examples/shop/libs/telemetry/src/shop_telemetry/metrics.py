"""Counters in the text format of Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest

REGISTRY = CollectorRegistry()
QUOTES = Counter("shop_quotes", "Prices that customers asked for", ["sku"], registry=REGISTRY)


def exposition() -> tuple[bytes, str]:
    """Return all metrics and their content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
