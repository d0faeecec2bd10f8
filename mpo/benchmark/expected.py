"""What a study will still take, said before it starts and while it runs.

Reckoned from what the benchmark measured on one machine (`MEASURED`) until runs of the study have
ended here; from then on those say how much faster or slower this machine is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mpo.benchmark import extrapolation
from mpo.project import SHIPPED
from mpo.study.status import study_status
from mpo.study.status_table import duration
from mpo.study.study import Study

MEASURED = SHIPPED / "docs/performance/benchmark-zen5.json"
"""Of a checkout; a wheel has none, and nothing is reckoned."""
CORES = (2, 16)


def seconds(study: Study) -> dict[str, float]:
    """Core-seconds reckoned for each run that this machine would train, by its path.

    A variant that was not measured counts as the slowest that was. Empty where nothing was
    measured, or where a variant follows a protocol that was not.
    """
    try:
        names = extrapolation.trained_variants(study)
        found: dict[str, dict[str, Any]] = json.loads(MEASURED.read_text(encoding="utf-8"))
    except (ValueError, FileNotFoundError):
        return {}
    slowest = max(found.values(), key=lambda cost: cost["update_ms"])
    return {
        run.path: extrapolation.seconds(run, study, found.get(run.variant, slowest))
        for run in study.runs
        if run.variant in names
    }


def left(study: Study, root: Path = Path()) -> list[float]:
    """Core-seconds that each run that has not ended will still take, the longest first."""
    reckoned, rest = seconds(study), []
    took = spent = 0.0
    for each in study_status(study, root):
        whole = reckoned.get(each.run.path)
        if whole is None:
            continue
        if each.state == "done":
            record = root / study.folder / each.run.path / "run.json"
            took += json.loads(record.read_text(encoding="utf-8")).get("cpu_s") or whole
            spent += whole
        elif each.state != "diverged":
            rest.append(whole * (1 - (each.share or 0.0)))
    pace = took / spent if spent else 1.0
    return sorted((pace * value for value in rest), reverse=True)


def on(cores: int, rest: Sequence[float]) -> float:
    """Seconds on so many cores: all of it shared, and no less than the longest run."""
    return max(sum(rest) / cores, max(rest, default=0.0))


def said(study: Study, cores: Sequence[int] = CORES, root: Path = Path()) -> str:
    """How many runs are left and how long they take, a line; empty where that is not known."""
    rest = left(study, root)
    if not rest:
        return ""
    times = " and ".join(f"{duration(on(count, rest))} on {count} cores" for count in cores)
    runs = "run is" if len(rest) == 1 else "runs are"
    return f"study {study.name}: {len(rest)} {runs} left, about {times}"
