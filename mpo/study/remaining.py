"""What a study will still take, reckoned in one way before it starts and while it runs.

A run under way says itself what it lacks. Any other takes for a step what those of its task and
variant took; else what was `reckoned` of it, in seconds by its path, times how much slower than
reckoned the study's own runs are; else for a step what those of its variant took, or all.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mpo.rundir import RUN
from mpo.study.status import ENDED, KEPT, RUNNING, RunStatus
from mpo.study.study import Study

CORES = (2, 16)
"""What a study that does not run yet is reckoned for."""


def remaining(
    statuses: Sequence[RunStatus], reckoned: Mapping[str, float]
) -> list[tuple[RunStatus, float | None]]:
    """The runs that will still be trained, each with its seconds of one process, where known."""
    rest = [status for status in statuses if status.state not in (*ENDED, KEPT)]
    return [(status, _seconds(status, statuses, reckoned)) for status in rest]


def said(
    statuses: Sequence[RunStatus], reckoned: Mapping[str, float], cores: Sequence[int] = ()
) -> str:
    """How many runs are left and how long they take; empty where none is, or nothing is known.

    Without `cores` it is said for as many runs at once as there are now, else for `CORES`.
    """
    rest = remaining(statuses, reckoned)
    known = [seconds for _, seconds in rest if seconds is not None]
    if not known:
        return ""
    running = sum(status.state == RUNNING for status in statuses)
    if running and not cores:
        told = f"{duration(on(running, known))} with {running} at once"
    else:
        each = ((duration(on(count, known)), count) for count in cores or CORES)
        told = " and ".join(f"{time} on {count} core{'s'[: count > 1]}" for time, count in each)
    runs = "run is" if len(rest) == 1 else "runs are"
    unknown = f", not counting {len(rest) - len(known)} of which nothing is known"
    return f"{len(rest)} {runs} left, about {told}{unknown if len(known) < len(rest) else ''}"


def as_shipped(study: Study, shipped: Path) -> dict[str, float]:
    """What the runs took of the study that this one reproduces, as far as they lie in `shipped`.

    Processor time, since one waits for what else a machine has to do: for each task and variant the
    median of those with the same settings, for seeds without one too.
    """
    if study.reproduces is None:
        return {}
    took: dict[tuple[str, str], list[float]] = {}
    for run in study.runs:
        file = shipped / f"results/{study.reproduces}" / run.path / RUN
        if file.exists():
            record = json.loads(file.read_text(encoding="utf-8"))
            known = record.get("cpu_s")  # which code that is not ours need not tell
            if known and record["settings_digest"] == run.settings_digest:
                took.setdefault((run.task, run.variant), []).append(known)
    return {
        run.path: statistics.median(took[run.task, run.variant])
        for run in study.runs
        if (run.task, run.variant) in took
    }


def on(cores: int, rest: Sequence[float]) -> float:
    """Seconds on so many cores: all of it shared, and no less than the longest run."""
    return max(sum(rest) / cores, max(rest, default=0.0))


def duration(seconds: float) -> str:
    """Seconds as "2 h 05 min", "3 min" or "40 s"."""
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min" if seconds >= 60 else f"{seconds:.0f} s"


def _seconds(
    status: RunStatus, statuses: Sequence[RunStatus], reckoned: Mapping[str, float]
) -> float | None:
    if status.left_s is not None:
        return status.left_s
    run, lacking = status.run, 1 - (status.share or 0.0)
    whole = _by_rate(status, statuses, lambda o: (o.task, o.variant) == (run.task, run.variant))
    if whole is None and run.path in reckoned:
        whole = reckoned[run.path] * _pace(statuses, reckoned)
    if whole is None:
        whole = _by_rate(status, statuses, lambda other: other.variant == run.variant)
    if whole is None:
        whole = _by_rate(status, statuses, lambda _: True)
    return None if whole is None else lacking * whole


def _by_rate(
    status: RunStatus, statuses: Sequence[RunStatus], alike: Callable[..., bool]
) -> float | None:
    """Seconds of a whole run, at the median rate of those that are alike."""
    rates = [each.step_s for each in statuses if each.step_s is not None and alike(each.run)]
    return status.run.settings.steps * statistics.median(rates) if rates else None


def _pace(statuses: Sequence[RunStatus], reckoned: Mapping[str, float]) -> float:
    """How many times longer than reckoned the runs take that have begun here."""
    begun = [s for s in statuses if s.step_s is not None and s.run.path in reckoned]
    took = sum(s.run.settings.steps * (s.step_s or 0.0) for s in begun)
    return took / sum(reckoned[s.run.path] for s in begun) if begun else 1.0
