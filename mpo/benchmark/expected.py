"""What the runs of a study take, before they begin.

As long as the same runs took of the shipped study that it reproduces; else by what the benchmark
measured on one machine (`MEASURED`). What a study will still take is reckoned from that until its
own runs tell (`study.remaining`).
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
MEASURED_PROTOCOL = "off_policy"
"""Of the variants in it."""


def seconds(study: Study, shipped: Path = SHIPPED) -> dict[str, float]:
    """Seconds of one process reckoned for each run that this machine would train, by its path.

    Empty where nothing was measured, or where a variant follows a protocol that was not.
    """
    return by_benchmark(study) | remaining.as_shipped(study, shipped)


def by_benchmark(study: Study, file: Path | None = None) -> dict[str, float]:
    """By what `mpo benchmark` wrote into `file`, which is `MEASURED` unless given.

    A variant that it lacks counts as the slowest.
    """
    try:
        found: dict[str, dict[str, Any]] = json.loads(
            (file or MEASURED).read_text(encoding="utf-8")
        )
    except FileNotFoundError:
        return {}
    names = extrapolation.trained_variants(study)
    if any(
        run.settings.protocol != MEASURED_PROTOCOL for run in study.runs if run.variant in names
    ):
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
