"""Two studies side by side: which of their variants and runs were trained alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from mpo.evaluation.reading.frames import FRAMES, read_csv
from mpo.evaluation.reading.manifest import Manifest, Task, read_manifest
from mpo.rundir import RUN, checksum
from mpo.rundir.held import HELD_TO_BYTES

PAIR = ["task", "variant"]


class Side(NamedTuple):
    """What is asked of either study."""

    folder: Path
    manifest: Manifest
    scores: pd.DataFrame
    runs: pd.DataFrame


def read_side(study_dir: Path) -> Side:
    """The study in `study_dir`. Raises `ManifestError`, or OSError where a frame is missing."""
    frames = (read_csv(study_dir / FRAMES[name]) for name in ("scores", "runs"))
    return Side(study_dir, read_manifest(study_dir), *frames)


def alike(mine: Side, theirs: Side) -> list[tuple[str, str]]:
    """Tasks and variants of both that were trained for as long, with equal settings.

    Settings that say how often is evaluated or what is logged count too: they decide what a score
    is the mean of.
    """
    asked = _settings(theirs)
    return [
        (task, variant)
        for (task, variant), settings in _settings(mine).items()
        if asked.get((task, variant)) == settings
        and _scale(mine.manifest.tasks[task]) == _scale(theirs.manifest.tasks[task])
    ]


def unlike(mine: Side, theirs: Side) -> list[tuple[str, str]]:
    """Those that both have and that differ in settings, budget or score."""
    common = set(_settings(mine)) & set(_settings(theirs))
    return [pair for pair in _settings(mine) if pair in common - set(alike(mine, theirs))]


def equal_runs(mine: Side, theirs: Side) -> pd.DataFrame:
    """One row a run with the same seeds in both: task, variant, seed, same_machine, equal.

    `same_machine`: whether processor and versions are the same, so that bytes should be; `equal`:
    whether evaluations, training log and policy are, by the checksums in `run.json`.
    """
    rows = []
    if mine.manifest.study_seed == theirs.manifest.study_seed:
        there = {(run.task, run.variant, run.seed): run.path for run in theirs.manifest.runs}
        pairs = set(alike(mine, theirs))
        for run in mine.manifest.runs:
            key = (run.task, run.variant, run.seed)
            if key in there and key[:2] in pairs:
                here, other = mine.folder / run.path, theirs.folder / there[key]
                same_machine = _machine(here) == _machine(other)
                rows.append((*key, same_machine, _sums(here) == _sums(other)))
    return pd.DataFrame(rows, columns=[*PAIR, "seed", "same_machine", "equal"])


def _settings(side: Side) -> dict[tuple[str, str], str]:
    """What the runs of each task and variant were trained with, as JSON."""
    first = side.runs.drop_duplicates(PAIR)
    return {
        (task, variant): settings
        for task, variant, settings in first[[*PAIR, "settings"]].itertuples(index=False)
    }


def _scale(task: Task) -> tuple[object, ...]:
    """What runs were asked for and scored by; a range that runs gave is no difference."""
    given = ("relative",) if task.relative else (task.low, task.high)
    made = task.environment, dict(task.made_so)
    return *made, task.action_repeat, task.steps, *given, task.threshold


def _record(folder: Path) -> Mapping[str, Any]:
    return json.loads((folder / RUN).read_text(encoding="utf-8"))


def _machine(folder: Path) -> tuple[Any, ...]:
    run = _record(folder)
    machine = {key: value for key, value in run.get("machine", {}).items() if key != "cores"}
    return machine, run.get("versions"), run.get("processors")


def _sums(folder: Path) -> list[str]:
    """Checksums of what is held to bytes; policies are not shipped, but their checksums are."""
    told = _record(folder).get("files", {})
    return [told.get(name) or checksum((folder / name).read_bytes()) for name in HELD_TO_BYTES]
