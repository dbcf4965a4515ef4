"""The command `report`."""

import argparse
import csv
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from importlib import resources
from pathlib import Path

from shop_models import Sale
from tabulate import tabulate


def read(text: str) -> list[Sale]:
    """Read sales from CSV with a header."""
    return [Sale.model_validate(row) for row in csv.DictReader(text.splitlines())]


def table(sales: Iterable[Sale]) -> str:
    """Lay out pieces and EUR per product, and their sums."""
    pieces: Counter[str] = Counter()
    amounts: dict[str, Decimal] = {}
    for sale in sales:
        pieces[sale.sku] += sale.pieces
        amounts[sale.sku] = amounts.get(sale.sku, Decimal()) + sale.amount
    rows = [(sku, pieces[sku], amounts[sku]) for sku in sorted(pieces)]
    total = ("total", pieces.total(), sum(amounts.values(), Decimal()))
    return tabulate([*rows, total], headers=("product", "pieces", "EUR"), floatfmt=".2f")


def main() -> None:
    """Print the report of a CSV file, or of the sample that comes along."""
    parser = argparse.ArgumentParser(prog="report", description="Sums up what was sold.")
    parser.add_argument("sales", nargs="?", type=Path, help="a CSV file of sales")
    arguments = parser.parse_args()
    source = arguments.sales or resources.files("report").joinpath("sales.csv")
    print(table(read(source.read_text("utf-8"))))
