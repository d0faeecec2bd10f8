"""The inventory of runs: every run, what became of it, and where it was trained."""

from __future__ import annotations

import pandas as pd

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.load import KEYS
from mpo.evaluation.showing.captions import said_diverged, said_score
from mpo.evaluation.showing.tables.cells import NOTHING, integer, number, text
from mpo.evaluation.showing.wording import count
from mpo.rundir import DIVERGED


def table(frames: Frames) -> pd.DataFrame:
    """The rows of `runs.csv` with each run's return and score."""
    finals = frames.scores[[*KEYS, "return_mean", "score", "final", "worst"]]
    return frames.runs.merge(finals, on=KEYS, how="left")


def shown(frames: Frames) -> pd.DataFrame:
    """One row a run."""
    lines = []
    for row in table(frames).to_dict("records"):
        lines.append(
            {
                "task": row["task"],
                "variant": row["variant"],
                "seed": str(row["seed"]),
                "status": _status(row),
                "return": number(row["return_mean"], 4),
                "score": number(row["score"]),
                "final": number(row["final"]),
                "worst": number(row["worst"]),
                "steps": integer(row["steps"]),
                "updates": integer(row["updates"]),
                "wall min": number(row["wall_s"] / 60),
                "attempts": integer(row["attempts"]),
                "settings": _code(row["settings_digest"]),
                "code": _code(row["code_digest"]),
                "commit": _commit(row),
            }
        )
    return pd.DataFrame(lines)


def caption(frames: Frames) -> str:
    """What the cells are."""
    runs, several = count(len(frames.scores), "run"), len(frames.scores) > 1
    none = f"All {runs}, of which none diverged" if several else f"{runs}, which did not diverge"
    lost = said_diverged(frames) or none
    asked = {run.code_digest for run in frames.manifest.runs}
    equal = "" if asked >= {*frames.runs["code_digest"]} else ", or of code shown equal to that"
    return (
        f"{lost}; {said_score(frames)}, final is the last one's and worst the least. Settings and "
        f"code are the beginnings of the digests that the manifest asks for{equal} and that each "
        "run was checked against; a commit with a plus had uncommitted changes."
    )


def _status(row: dict) -> str:
    if row["status"] != DIVERGED:
        return row["status"]
    at = "" if pd.isna(row["divergence_step"]) else f" at step {integer(row['divergence_step'])}"
    told = ", ".join(filter(None, (text(row[f"divergence_{part}"]) for part in ("what", "where"))))
    return f"diverged{at}{': ' if told else ''}{told}"


def _commit(row: dict) -> str:
    if not isinstance(row["commit"], str):
        return NOTHING
    return _code(row["commit"]) + ("+" if row["dirty"] is True else "")


def _code(digest: str) -> str:
    return f"`{digest[:8]}`"
