"""`runs.csv`: what became of each run, on which machine, with which versions, in how many seconds.

It holds seconds, so unlike every other frame it is not the same bytes from one training to the
next. Counters and seconds are sums over a run's attempts. A user's own code may have left most
of it out; those cells are empty.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from mpo.evaluation.reading.load import KEYS, Study

PARTS = ["environment_s", "act_s", "update_s", "evaluation_s", "checkpoint_s"]
"""Seconds of a run by part, from `timing.csv`, up to its last row."""
QUIET = 0.1
"""The share of a run's intervals in which nothing else is taken to have kept the machine busy."""
MOVED = "processors"
"""What the column `machine` has of runs that were resumed on another kind of processor."""


def inventory(study: Study) -> pd.DataFrame:
    """One row a run: keys, outcome, counters, seconds, digests, commit, machine, versions.

    `ms_per_update` is the first decile over the intervals of `timing.csv` but the first, which
    compiles: a pause of the machine, or another program's load, only ever adds time. A run of one
    interval, as of one that diverged early, has none. `settings`, `machine` and `versions` are
    JSON.
    """
    timing = dict(iter(study.timing.groupby(KEYS, sort=False)))
    rows = []
    for record in study.runs.to_dict("records"):
        run = {str(name): value for name, value in record.items()}
        keys = {key: run[key] for key in KEYS}
        seconds = _seconds(timing.get(tuple(keys.values())))
        rows.append({**keys, **_outcome(run), **seconds, **_origin(run)})
    return pd.DataFrame(rows)


def processor(machine: str) -> str:
    """The kind of processor in a cell of the column `machine`, as "AMD EPYC (avx avx2 fma)".

    A model's name alone does not tell one: what it may execute decides how fast it is. Empty where
    a user's own code has not said any.
    """
    told = json.loads(machine)
    flags = " ".join(map(str, told.get("flags") or ()))
    name = f"{told.get('cpu') or ''} ({flags})" if flags else str(told.get("cpu") or "")
    device = told.get("device") or "cpu"
    return name if device == "cpu" else f"{name}, {device}".strip(", ")


def _outcome(run: dict[str, Any]) -> dict[str, Any]:
    divergence = _mapping(run.get("divergence"))
    counters = ("steps", "updates", "episodes", "attempts", "wall_s", "cpu_s")
    return {
        "status": run["status"],
        "divergence_step": divergence.get("step"),
        "divergence_what": divergence.get("what"),
        "divergence_where": divergence.get("where"),
        **{name: run.get(name) for name in counters},
    }


def _seconds(rows: pd.DataFrame | None) -> dict[str, float]:
    """Seconds by part, which add up along the rows of `timing.csv`."""
    if rows is None:
        return {"ms_per_update": float("nan"), **dict.fromkeys(PARTS, float("nan"))}
    intervals = rows[["updates", "update_s"]].diff().iloc[1:]
    each = 1000 * intervals["update_s"] / intervals["updates"]
    return {
        "ms_per_update": float(each[intervals["updates"] > 0].quantile(QUIET)),
        **{part: float(rows.iloc[-1][part]) for part in PARTS},
    }


def _origin(run: dict[str, Any]) -> dict[str, Any]:
    git = _mapping(run.get("git"))
    return {
        "settings_digest": run["settings_digest"],
        "code_digest": run["code_digest"],
        "commit": git.get("commit"),
        "dirty": git.get("dirty"),
        "settings": _json(_mapping(run.get("settings"))),
        "machine": _json(_mapping(run.get("machine")) | _moved(run)),
        "versions": _json(_mapping(run.get("versions"))),
    }


def _moved(run: dict[str, Any]) -> dict[str, Any]:
    """Where the run was resumed on other kinds of processor, what computed it from which step."""
    told = run.get("processors")
    return {MOVED: told} if isinstance(told, list) and len(told) > 1 else {}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True)


def _mapping(value: Any) -> dict[str, Any]:
    """`value` where it is a mapping; a frame holds NaN where a run has none."""
    return value if isinstance(value, dict) else {}
