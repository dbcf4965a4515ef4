"""Structured logs for every service.

Metrics are in `shop_telemetry.metrics` and need the extra `metrics`.
"""

from shop_telemetry.logs import configure

__all__ = ["configure"]
