"""The probability that a run of one variant ends above one of another, for all pairs."""

from __future__ import annotations

import pandas as pd

from mpo.evaluation.estimating.estimates import matrix, shared_tasks
from mpo.evaluation.estimating.statistics import improvement
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.captions import said_all, said_n
from mpo.evaluation.showing.failures import Absent
from mpo.evaluation.showing.tables.cells import NOTHING


def table(frames: Frames) -> pd.DataFrame:
    """Variant, other, n (runs of the first on each task), n_other, value: P(variant above other).

    Over the tasks that have a run of every variant; raises `Absent` where none has.
    """
    tasks, variants = shared_tasks(frames.manifest, frames.scores), list(frames.manifest.variants)
    if not tasks or len(variants) < 2:
        raise Absent("no task has runs of two variants or more")
    scores = {
        name: matrix(frames.manifest, frames.scores, "score", name, *tasks) for name in variants
    }
    return pd.DataFrame(
        {
            "variant": one,
            "other": other,
            "n": len(scores[one]),
            "n_other": len(scores[other]),
            "value": float(improvement(scores[one], scores[other])[0]),
        }
        for one in variants
        for other in variants
        if one != other
    )


def shown(frames: Frames) -> pd.DataFrame:
    """A matrix: the row's variant above the column's."""
    rows = table(frames)
    counts = rows.drop_duplicates("variant").set_index("variant")["n"]
    cells = rows.pivot(index="variant", columns="other", values="value")
    lines = []
    for name in counts.index:
        above = {other: f"{cells.loc[name, other]:.2f}" for other in counts.index if other != name}
        line = {"P(row above column)": name, "n": str(counts[name])}
        lines.append(line | {other: above.get(other, NOTHING) for other in counts.index})
    return pd.DataFrame(lines)


def caption(frames: Frames) -> str:
    """What the cells are."""
    return (
        "Probability that a run of the row's variant ends above a run of the column's, over "
        f"{said_all(frames)}, a tie counting half: at 0.50 neither is better. These are shares of "
        "pairs of runs, seen and not tested; the intervals of those against a base stand in the "
        f"figure, and `mpo compare --all` corrects for the number of pairs. {said_n(frames)}."
    )
