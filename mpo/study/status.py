"""How far a study is: which of its runs are done, under way, failed, or have not begun.

Done and diverged are read from the run's own `run.json`; kept are those that ended and lie whole
under `state/` alone, from where training puts them in place at once. What is under way is read from
the `progress.json` that training keeps beside the checkpoint, what failed from there or from the
run's log, and what is queued from Slurm where there is one. Files whose digests are not the
configured ones belong to other settings or older code, so that their run waits, unless that code is
shown equal to today's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mpo.rundir import FINISHED, PROGRESS, RUN, is_complete
from mpo.settings.equality import MANIFEST, Equality, equal_codes, equalities
from mpo.study.queue import job, queued
from mpo.study.study import Run, Study, standing

SILENT_S = 180.0
"""Seconds without a word of a run, after which it counts as silent; it has one every few."""
UNHEARD_S = 1800.0
"""The same for a run that said that it starts or compiles, in which it says nothing."""
UNHEARD = ("starting", "compiling")
WAITING, QUEUED, RUNNING, SILENT = "waiting", "queued", "running", "silent"
STOPPED, FAILED, DIVERGED, DONE = "stopped", "failed", "diverged", "done"
KEPT = "kept"
"""Ended, and whole under `state/`, but not in the study's folder."""
ENDED = (DONE, DIVERGED)


@dataclass(frozen=True)
class RunStatus:
    """A run's state and what is known of it."""

    run: Run
    state: str
    share: float | None = None
    """Of its control steps; None where nothing tells it, as code that is not ours need not."""
    last_return: float | None = None
    left_s: float | None = None
    step_s: float | None = None
    """Seconds that a control step takes it, evaluations included."""
    why: str = ""
    """It failed."""
    log: Path | None = None
    """Of a run that failed or is silent."""


def study_status(
    study: Study,
    root: Path = Path(),
    in_queue: Callable[[], Mapping[str, Collection[tuple[str, str]]]] = queued,
) -> list[RunStatus]:
    """The status of every run of `study`, whose results and states lie below `root`.

    `in_queue` tells, by rule, the `queue.job` of each that is not started yet. Raises
    `SettingsError` where the study's manifest is broken.
    """
    now, folder, waiting = time.time(), root / study.folder, in_queue()
    shown = equalities(folder / MANIFEST)
    found = (run_status(run, folder, root, now, shown) for run in standing(study.runs, folder))
    return [
        replace(each, state=QUEUED, left_s=None)
        if job(each.run.task, None if each.run.cohort else each.run.seed)
        in waiting.get(study.variants[each.run.variant].rule, ())
        and each.state not in (*ENDED, KEPT, RUNNING)
        else each
        for each in found
    ]


def run_status(
    run: Run, folder: Path, root: Path, now: float, shown: Collection[Equality] = ()
) -> RunStatus:
    """The status of one run: its files lie in `folder`, its state below `root`.

    Codes are `shown` equal by the study's manifest.
    """
    record = _read(folder / run.path / RUN)
    if record and _digests(record) == (run.settings_digest, run.code_digest):
        steps, wall_s = record.get("steps"), record.get("wall_s")
        step_s = wall_s / steps if wall_s and steps else None  # it may diverge in its first step
        if record.get("status") == DIVERGED:
            return RunStatus(run, DIVERGED, _share(steps, run.settings.steps), step_s=step_s)
        return RunStatus(run, DONE, 1.0, step_s=step_s)
    codes = equal_codes(shown, run.task, run.variant, run.code_digest)
    states = (root / replace(run, code_digest=code).state for code in codes)
    if any(is_complete(state / FINISHED, run.settings_digest, *codes) for state in states):
        return RunStatus(run, KEPT)
    log = folder / run.log
    progress = _read(root / run.state / PROGRESS)
    if progress:
        return _under_way(run, progress, log, now)
    return _not_begun(run, log, folder / run.path / RUN, now)


def _under_way(run: Run, progress: dict[str, Any], log: Path, now: float) -> RunStatus:
    """The status of a run of which there is a progress.json.

    It may say nothing but how the run ended: other code ended well, but what it wrote is no run.
    """
    step, steps = progress.get("step"), progress.get("steps")
    share, rate = _share(step, steps), progress.get("steps_per_s") or 0.0
    last = share, progress.get("return")
    if ended := progress.get("ended"):
        return RunStatus(run, ended["how"], *last, why=ended["why"], log=log)
    patience = UNHEARD_S if progress.get("doing") in UNHEARD else SILENT_S
    if now - progress.get("time", 0.0) > patience:
        return RunStatus(run, SILENT, *last, log=log)
    if step is None or not steps or rate <= 0:
        return RunStatus(run, RUNNING, *last)
    return RunStatus(run, RUNNING, *last, (steps - step) / rate, 1 / rate)


def _share(step: float | None, steps: float | None) -> float | None:
    """How much of `steps` control steps is done after `step`; None where either is not told."""
    return step / steps if step is not None and steps else None


def _not_begun(run: Run, log: Path, older: Path, now: float) -> RunStatus:
    """A run that waits, unless its log says why it does not begin.

    A log from before the `older` record, of other settings or code, is of the run that wrote that.
    """
    try:
        written = log.stat().st_mtime
        newer = not older.exists() or written > older.stat().st_mtime
        fault = newer and log.stat().st_size > 0 and now - written > SILENT_S
    except OSError:
        fault = False
    return RunStatus(run, FAILED, log=log) if fault else RunStatus(run, WAITING)


def _digests(record: dict[str, Any]) -> tuple[Any, Any]:
    return record.get("settings_digest"), record.get("code_digest")


def _read(file: Path) -> dict[str, Any] | None:
    """The JSON object in `file`; None where there is none, or none that is whole."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
