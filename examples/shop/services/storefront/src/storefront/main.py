"""Products and prices over HTTP."""

from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Response
from shop_models import Product, Quote
from shop_pricing import UnknownSkuError, price_list, quote
from shop_telemetry import configure
from shop_telemetry.metrics import QUOTES, exposition

log = configure("storefront")
app = FastAPI(title="Storefront")


@app.get("/health")
def health() -> dict[str, str]:
    """Say that requests are answered."""
    return {"status": "ok", "service": "storefront"}


@app.get("/products")
def products() -> list[Product]:
    """List all that can be bought."""
    return list(price_list().values())


@app.get("/price/{sku}")
def price(sku: str, pieces: Annotated[int, Query(gt=0)] = 1) -> Quote:
    """Say what some pieces of a product cost."""
    try:
        answer = quote(sku, pieces)
    except UnknownSkuError:
        raise HTTPException(404, f"no product `{sku}`") from None
    QUOTES.labels(sku).inc()
    log.info("quoted", sku=sku, pieces=pieces, total=str(answer.total))
    return answer


@app.get("/metrics")
def metrics() -> Response:
    """Show the counters."""
    body, content_type = exposition()
    return Response(body, media_type=content_type)
