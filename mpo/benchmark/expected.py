"""What the runs of a study take by what the benchmark measured on one machine (`MEASURED`).

What a study will still take is reckoned from that until its own runs tell (`study.remaining`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mpo.benchmark import extrapolation
from mpo.project import SHIPPED
from mpo.study import remaining
from mpo.study.status import study_status
from mpo.study.study import Study

MEASURED = SHIPPED / "docs/performance/benchmark-zen5.json"
"""Of a checkout; a wheel has none, and nothing is reckoned."""


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


def said(study: Study, cores: Sequence[int] = (), root: Path = Path()) -> str:
    """How many runs are left and how long they take, a line; empty where that is not known."""
    told = remaining.said(study_status(study, root), seconds(study), cores)
    return f"study {study.name}: {told}" if told else ""
