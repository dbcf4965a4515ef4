"""`python -m worker --self-test` runs the task here, without a broker."""

import argparse

from worker.app import create_invoice

ORDER = {
    "number": 1001,
    "customer": "Ada",
    "lines": [{"sku": "teapot", "pieces": 1}, {"sku": "mug", "pieces": 12}],
}


def main() -> None:
    """Make one invoice and print its total."""
    parser = argparse.ArgumentParser(prog="worker", description=__doc__)
    parser.add_argument("--self-test", action="store_true", required=True)
    parser.parse_args()
    made = create_invoice.apply(args=[ORDER]).get()
    print(f"invoice {made['number']}: {len(made['lines'])} lines, total {made['total']} EUR")


if __name__ == "__main__":
    main()
