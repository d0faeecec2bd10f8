"""The status of a study for a reader: a row a run, their number, the time left, why some failed."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tabulate import tabulate

from mpo.study.status import ENDED, FAILED, RUNNING, SILENT, RunStatus, study_status
from mpo.study.study import Study

HEADERS = ("task", "variant", "seed", "state", "progress", "return", "left")
LAST_LINES = 3
"""Of the log of a run that failed or is silent."""


def status_table(study: Study, root: Path = Path()) -> str:
    """The runs of `study` as a table, what their logs say last, and a line that counts them."""
    statuses = study_status(study, root)
    counts = Counter(status.state for status in statuses)
    total = ", ".join(f"{count} {state}" for state, count in counts.items())
    table = tabulate([_row(status) for status in statuses], HEADERS, disable_numparse=True)
    left = study_left(statuses)
    told = f"; {left}" if left else ""
    faults = [line for status in statuses for line in _fault(status)]
    count = f"study {study.name}: {len(statuses)} runs, {total}{told}"
    return "\n".join([table, "", *faults, *([""] if faults else []), count])


def study_left(statuses: Sequence[RunStatus]) -> str:
    """How long the study takes at as many runs at once as there are now; "" where unknown.

    A run that has not begun takes as long for a step as the others of its task and variant, else
    of its variant, else of all.
    """
    running = [status for status in statuses if status.state == RUNNING]
    rest = [status for status in statuses if status.state not in ENDED]
    seconds = [_seconds_left(status, statuses) for status in rest]
    known = [each for each in seconds if each is not None]
    if not rest or len(known) < len(rest):
        return ""
    if not running:
        return f"{duration(sum(known))} of one process are left, and nothing runs"
    at_least = max(each for status, each in zip(rest, known, strict=True) if status in running)
    left = max(sum(known) / len(running), at_least)
    return f"about {duration(left)} left with {len(running)} at once"


def _seconds_left(status: RunStatus, statuses: Sequence[RunStatus]) -> float | None:
    if status.left_s is not None:
        return status.left_s
    run = status.run
    own = (run.task, run.variant)
    for alike in (
        lambda other: (other.task, other.variant) == own,
        lambda other: other.variant == run.variant,
        lambda other: True,
    ):
        if rates := [s.step_s for s in statuses if s.step_s is not None and alike(s.run)]:
            return (1 - (status.share or 0.0)) * run.settings.steps * statistics.median(rates)
    return None


def _fault(status: RunStatus) -> Iterator[str]:
    """What a run that failed, or is silent, said last."""
    if status.state not in (FAILED, SILENT):
        return
    run, log = status.run, status.log
    why = f": {status.why}" if status.why else ""
    yield f"{run.task}/{run.variant}/{run.seed} {status.state}{why}"
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log else []
    except OSError:
        return
    last = [line for line in lines if line.strip()][-LAST_LINES:]
    if last:
        yield f"  {log}:"
    yield from (f"    {line}" for line in last)


def _row(status: RunStatus) -> list[str]:
    run = status.run
    return [
        run.task,
        run.variant,
        str(run.seed),
        status.state,
        "" if status.share is None else f"{status.share:.0%}",
        "" if status.last_return is None else f"{status.last_return:.1f}",
        "" if status.left_s is None else duration(status.left_s),
    ]


def duration(seconds: float) -> str:
    """Seconds as "2 h 05 min", "3 min" or "40 s"."""
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min" if seconds >= 60 else f"{seconds:.0f} s"
