"""How numbers and their intervals are put in a reader's cells."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd

from mpo.evaluation.estimating.coverage import poor

NOTHING = "–"
"""Where there is no number."""
MARK = "†"
"""At an interval that holds the truth more rarely than it says (`estimating.coverage`)."""


def number(value: float, digits: int = 3) -> str:
    """`value` with `digits` significant digits."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}" if abs(value) >= 1e-4 else f"{value:.{digits - 1}e}"


def integer(value: float) -> str:
    """`value` without decimals."""
    return NOTHING if value is None or not math.isfinite(value) else f"{value:,.0f}"


def text(value: object) -> str:
    """`value`; a frame holds NaN where there is no text."""
    return value if isinstance(value, str) else ""


def with_interval(
    value: float, low: float, high: float, shown: Callable[[float], str] = number
) -> str:
    """Such as 0.71 [0.52, 0.83], without brackets where no interval was had."""
    return shown(value) + ("" if pd.isna(low) else f" [{shown(low)}, {shown(high)}]")


def interval(
    rows: pd.DataFrame, metric: str, tasks: int = 1, shown: Callable[[float], str] = number
) -> str:
    """The estimate and interval in the row of `metric`; one that covers too little is marked.

    `tasks` are those that the number is taken over.
    """
    row = rows[rows["metric"] == metric].iloc[0]
    poorly = not math.isnan(row["low"]) and poor(metric, int(row["n"]), tasks)
    return with_interval(row["value"], row["low"], row["high"], shown) + (MARK if poorly else "")


def value(rows: pd.DataFrame, metric: str) -> float:
    """The estimate in the row of `metric`."""
    return float(rows.loc[rows["metric"] == metric, "value"].iloc[0])
