"""The values of a swept setting on an axis: which are numbers, and which span decades."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

TICKS = 5
"""Values that have room for their numbers below a panel."""
DECADE = 8.0
"""Values that span more than this factor, all positive, stand on a logarithmic axis."""


def numbers(values: pd.Series) -> pd.Series | None:
    """Texts of settings as numbers; None where one of them is none."""
    found = pd.to_numeric(values, errors="coerce").astype(float)
    return found if np.isfinite(found).all() else None


def placed(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """`rows` by the numbers in their column `setting`, and these; names by their first places."""
    found = numbers(rows["setting"])
    if found is None:
        names = {name: float(k) for k, name in enumerate(dict.fromkeys(rows["setting"]))}
        found = rows["setting"].map(names)
    found = found.sort_values(kind="stable")
    return rows.loc[found.index], found


def ticks(values: Iterable[float]) -> dict[float, str]:
    """Those of `values` that have room below a panel, and what is written there."""
    found = sorted({*map(float, values)})
    return {value: f"{value:g}" for value in found[:: -(-len(found) // TICKS)]}


def logarithmic(values: pd.Series) -> bool:
    """Whether numbers are too far apart for an axis that is not logarithmic."""
    return len(values) > 0 and values.min() > 0 and values.max() > DECADE * values.min()
