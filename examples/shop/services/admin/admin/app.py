"""Open orders as a page and as JSON."""

from flask import Flask, abort, jsonify, render_template
from shop_telemetry import configure

from admin.orders import ORDERS

log = configure("admin")
app = Flask(__name__)
app.json.sort_keys = False


@app.get("/health")
def health():
    """Say that requests are answered."""
    return jsonify(status="ok", service="admin")


@app.get("/")
def index():
    """Show the open orders."""
    return render_template("orders.html", orders=ORDERS.values())


@app.get("/orders/<int:number>")
def order(number: int):
    """Show one order."""
    if number not in ORDERS:
        log.warning("order not found", number=number)
        abort(404)
    return jsonify(ORDERS[number].model_dump())
