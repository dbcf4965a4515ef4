"""`python -m catalog` serves; with `--check` it serves itself one request and stops."""

import argparse
import os

from catalog.check import check
from catalog.server import serve


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="catalog", description=__doc__)
    parser.add_argument("--port", type=int, default=50051)
    parser.add_argument("--check", action="store_true", help="ask a server of its own and stop")
    arguments = parser.parse_args()
    threads = int(os.environ.get("CATALOG_THREADS", "2"))
    if arguments.check:
        check(threads)
    else:
        serve(arguments.port, threads)


if __name__ == "__main__":
    main()
