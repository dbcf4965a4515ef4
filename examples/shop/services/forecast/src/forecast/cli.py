"""The command `forecast`."""

import numpy as np

from forecast.model import next_week

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PIECES = np.array(
    [
        [20, 22, 21, 25, 31, 44, 12],
        [22, 23, 24, 26, 33, 47, 14],
        [23, 26, 25, 29, 36, 49, 15],
        [26, 27, 28, 31, 37, 53, 15],
    ],
    dtype=np.float64,
)


def main() -> None:
    """Print the pieces of every day of next week and of the week."""
    week = next_week(PIECES)
    for day, pieces in zip(DAYS, week, strict=True):
        print(f"{day} {pieces:6.1f}")
    print(f"next week: {week.sum():.1f} pieces")
