"""A straight line through past weeks, bent by the habits of each weekday."""

import numpy as np
from numpy.typing import NDArray


def next_week(weeks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return seven days from a table of one row per week, oldest first.

    The mean of each week follows a line; a weekday keeps its share of its week.
    """
    means = weeks.mean(axis=1)
    slope, start = np.polyfit(np.arange(len(means)), means, deg=1)
    shares = (weeks / means[:, np.newaxis]).mean(axis=0)
    return (start + slope * len(means)) * shares
