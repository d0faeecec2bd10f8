"""The values of a swept setting on an axis: which are numbers, and which span decades."""

from __future__ import annotations

import numpy as np
import pandas as pd

DECADE = 8.0
"""Values that span more than this factor, all positive, stand on a logarithmic axis."""


def numbers(values: pd.Series) -> pd.Series | None:
    """Texts of settings as numbers; None where one of them is none."""
    found = pd.to_numeric(values, errors="coerce").astype(float)
    return found if np.isfinite(found).all() else None


def placed(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """`rows` by the numbers in their column `setting`, and these; of names the order is kept."""
    found = numbers(rows["setting"])
    if found is None:
        return rows, pd.Series(range(len(rows)), rows.index, dtype=float)
    found = found.sort_values(kind="stable")
    return rows.loc[found.index], found


def logarithmic(values: pd.Series) -> bool:
    """Whether numbers are too far apart for an axis that is not logarithmic."""
    return len(values) > 0 and values.min() > 0 and values.max() > DECADE * values.min()
