"""The HTTP interface."""

from fastapi import FastAPI
from shop_telemetry import configure

log = configure("__SERVICE__")
app = FastAPI(title="__SERVICE__")


@app.get("/health")
def health() -> dict[str, str]:
    """Say that requests are answered."""
    return {"status": "ok", "service": "__SERVICE__"}
