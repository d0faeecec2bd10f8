"""The verdicts of two studies side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mpo.evaluation.claims.judging import NOT_RUN

ASKED = ["test", "metric", "first", "second", "where", "direction", "margin", "threshold"]
"""Columns of a table of claims that say what is asked."""


def verdicts(mine: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """The claims that both studies judged, from their tables of claims.

    Columns: claim, statement, verdict, verdict_there, effect, low, high, effect_there, low_there,
    high_there, where, where_there, alike, same. They are `alike` where both ask the same of the
    same tasks and variants; where, as in a smaller study, "all" are others, they are not.
    """
    columns = ["claim", "statement", "verdict", "effect", "low", "high", *ASKED]
    both = mine[columns].merge(
        theirs[columns].drop(columns="statement"), on="claim", suffixes=("", "_there")
    )
    both = both[(both["verdict"] != NOT_RUN) & (both["verdict_there"] != NOT_RUN)]
    asked = [both[f"{column}{side}"].astype(str) for side in ("", "_there") for column in ASKED]
    pairs = zip(asked[: len(ASKED)], asked[len(ASKED) :], strict=True)
    alike_ = np.logical_and.reduce([(here == there).to_numpy() for here, there in pairs])
    left = [f"{column}{side}" for side in ("", "_there") for column in ASKED if column != "where"]
    return (
        both.drop(columns=left)
        .assign(alike=alike_, same=both["verdict"] == both["verdict_there"])
        .reset_index(drop=True)
    )
