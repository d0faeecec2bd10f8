"""The status of a study for a reader: a row a run, their number, the time left, why some failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from tabulate import tabulate

from mpo.study.remaining import duration, said
from mpo.study.status import FAILED, KEPT, SILENT, RunStatus, study_status
from mpo.study.study import Study

HEADERS = ("task", "variant", "seed", "state", "progress", "return", "left")
LAST_LINES = 3
"""Of the log of a run that failed or is silent."""


IN_KEEPING = (
    f"{KEPT}: finished under state/, and not in the study's folder; "
    "the workflow puts them in place without training."
)


def status_table(
    study: Study, root: Path = Path(), reckoned: Mapping[str, float] | None = None
) -> str:
    """The runs of `study` as a table, what their logs say last, and a line that counts them.

    `reckoned` are seconds of runs by their paths, as `remaining.said` takes them.
    """
    statuses = study_status(study, root)
    counts = Counter(status.state for status in statuses)
    total = ", ".join(f"{count} {state}" for state, count in counts.items())
    table = tabulate([_row(status) for status in statuses], HEADERS, disable_numparse=True)
    left = said(statuses, reckoned or {})
    told = f"; {left}" if left else ""
    faults = [line for status in statuses for line in _fault(status)]
    runs = "1 run" if len(statuses) == 1 else f"{len(statuses)} runs"
    count = f"study {study.name}: {runs}, {total}{told}"
    notes = [*faults, *([IN_KEEPING] if KEPT in counts else [])]
    return "\n".join([table, "", *notes, *([""] if notes else []), count])


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
