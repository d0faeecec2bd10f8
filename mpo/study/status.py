"""How far a study is: each of its runs done, running, stopped, diverged or waiting.

Done and diverged are read from the run's own `run.json`, the rest from the `progress.json` that
training keeps beside the checkpoint. Files whose digests are not the configured ones belong to
other settings or older code, so that their run waits, unless that code is shown equal to today's.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from mpo.study.study import Run, Study, standing

SILENT_S = 180.0
"""Seconds without a word of a run, after which it counts as stopped; it has one every few."""
COMPILING_S = 1800.0
"""The same for a run that said that it compiles, in which it says nothing."""
HEADERS = ("task", "variant", "seed", "state", "progress", "return", "left")


@dataclass(frozen=True)
class RunStatus:
    """A run's state and, where they are known, its share of the steps, return and seconds left."""

    run: Run
    state: str
    share: float | None = None
    last_return: float | None = None
    left_s: float | None = None


def run_status(run: Run, folder: Path, root: Path, now: float) -> RunStatus:
    """The status of one run: its files lie in `folder`, its state below `root`."""
    record = _read(folder / run.path / "run.json")
    if record and _digests(record) == (run.settings_digest, run.code_digest):
        if record["status"] == "diverged":
            return RunStatus(run, "diverged", record["steps"] / run.settings.steps)
        return RunStatus(run, "done", 1.0)
    progress = _read(root / run.state / "progress.json")
    if not progress:
        return RunStatus(run, "waiting")
    share = progress["step"] / progress["steps"]
    patience = COMPILING_S if progress.get("doing") == "compiling" else SILENT_S
    if now - progress["time"] > patience:
        return RunStatus(run, "stopped", share, progress["return"])
    rate = progress["steps_per_s"]
    left = (progress["steps"] - progress["step"]) / rate if rate > 0 else None
    return RunStatus(run, "running", share, progress["return"], left)


def study_status(study: Study, root: Path = Path()) -> list[RunStatus]:
    """The status of every run of `study`, whose results and states lie below `root`.

    Raises `SettingsError` where the study's manifest is broken.
    """
    now, folder = time.time(), root / study.folder
    return [run_status(run, folder, root, now) for run in standing(study.runs, folder)]


def status_table(study: Study, root: Path = Path()) -> str:
    """The runs of `study` as a table, and a line that counts them."""
    statuses = study_status(study, root)
    counts = Counter(status.state for status in statuses)
    total = ", ".join(f"{count} {state}" for state, count in counts.items())
    table = tabulate([_row(status) for status in statuses], HEADERS, disable_numparse=True)
    return f"{table}\n\nstudy {study.name}: {len(statuses)} runs, {total}"


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


def _digests(record: dict[str, Any]) -> tuple[Any, Any]:
    return record.get("settings_digest"), record.get("code_digest")


def _read(file: Path) -> dict[str, Any] | None:
    """The JSON object in `file`; None where there is none, or none that is whole."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
