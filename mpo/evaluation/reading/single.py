"""One run's files by themselves: every fault, for whoever writes such files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mpo.evaluation.reading.checks import KEYS, OURS, read_run
from mpo.evaluation.reading.faults import Fault
from mpo.evaluation.reading.manifest import (
    DEFAULT_THRESHOLD,
    Manifest,
    PlannedRun,
    Task,
    Variant,
    read_manifest,
)
from mpo.rundir import (
    EVALUATION_COLUMNS,
    EVALUATIONS,
    POLICY,
    RUN,
    RUN_FILES,
    TIMING,
    TIMING_COLUMNS,
    TRAINING,
    TRAINING_COLUMNS,
)
from mpo.settings import OptionError, SettingsError, settings
from mpo.settings.equality import manifest_of

MAY_BE = {
    EVALUATIONS: f": a row an episode, {', '.join(EVALUATION_COLUMNS)}",
    TRAINING: f"; its header will do: {', '.join(TRAINING_COLUMNS[:2])}",
    TIMING: f"; its header will do: {', '.join(TIMING_COLUMNS)}",
    POLICY: "; it may be empty",
    RUN: f": an object with {', '.join(KEYS)}",
}
"""What a file must hold that is missing."""
WHOLE = ("seed", "study_seed", "steps", "updates")
"""Keys of run.json whose values are integers."""


def faults_of(folder: Path) -> tuple[str, list[Fault]]:
    """What the run in `folder` was held to, in words, and everything that is wrong with it.

    Raises `NotADirectoryError` where there is no such folder, and `ManifestError` where it lies in
    a study whose manifest is broken.
    """
    if not folder.is_dir():
        what = "this is no folder" if folder.exists() else "there is no such folder"
        raise NotADirectoryError(f"{str(folder)!r} is not allowed; {what}")
    missing = [name for name in RUN_FILES if not (folder / name).is_file()]
    faults = [Fault(str(folder), f"{name} is missing{MAY_BE[name]}") for name in missing]
    place = Path(os.path.normpath(folder.absolute()))
    above = manifest_of(place)
    if above.is_file():
        held, found = str(above), _in_study(place, above.parent)
    else:
        held, found = "its own run.json, as no study's manifest lies above it", _alone(folder)
    said = {f"{name} is missing" for name in missing}
    return held, [*faults, *(each for each in found if each.what not in said)]


def _in_study(folder: Path, root: Path) -> list[Fault]:
    """What is wrong with the run in `folder`, held to the manifest in the study's folder `root`.

    Raises `ManifestError`.
    """
    manifest, path = read_manifest(root), folder.relative_to(root).as_posix()
    planned = next((each for each in manifest.runs if each.path == path), None)
    if planned is None:
        strange = Fault(path, f"{path} is no run of the study's manifest")
        return [*_described(folder)[1], strange]
    run, faults = _described(folder, manifest.variants[planned.variant].trained_here)
    return faults if run is None or faults else read_run(root, manifest, planned)[1]


def _alone(folder: Path) -> list[Fault]:
    """What is wrong with the run in `folder`, held to what its own run.json says."""
    run, faults = _described(folder)
    if run is None or faults:
        return faults
    try:
        manifest = _asking_for(run)
    except (SettingsError, OptionError) as error:
        return [Fault(str(folder), f"{RUN}: settings.{error}")]
    return read_run(folder, manifest, manifest.runs[0])[1]


def _described(folder: Path, ours: bool | None = None) -> tuple[dict[str, Any] | None, list[Fault]]:
    """The run.json of a run, and what it lacks; None where it cannot be read, which others say.

    Where no manifest says whether the run is `ours`, trained by MPO, its settings do.
    """
    try:
        run = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, []
    except ValueError as error:
        return None, [Fault(str(folder), f"{RUN} is not JSON ({error})")]
    if not isinstance(run, dict):
        return None, [Fault(str(folder), f"{RUN} is no object with {', '.join(KEYS)}")]
    ours = not _foreign(run) if ours is None else ours
    asked = [key for key in KEYS if ours or key not in OURS or run.get(key) is not None]
    what = [f"the key {key} is missing: {KEYS[key]}" for key in asked if key not in run]
    what += [
        f"{key}: {run[key]!r} is not allowed; {KEYS[key]}"
        for key in asked
        if key in run and not _sound(key, run[key])
    ]
    return run, [Fault(str(folder), f"{RUN}: {each}") for each in what]


def _foreign(run: dict[str, Any]) -> bool:
    """Whether a run's settings are those of other code."""
    chosen = run.get("settings")
    return isinstance(chosen, dict) and "foreign" in chosen


def _sound(key: str, value: Any) -> bool:
    """Whether a value of run.json is of the kind that the key asks for."""
    if key == "settings":
        return isinstance(value, dict)
    return key not in WHOLE or (isinstance(value, int) and not isinstance(value, bool))


def _asking_for(run: dict[str, Any]) -> Manifest:
    """The manifest that asks for this run as it says it is. Raises `SettingsError`."""
    s = settings(run["settings"])
    planned = PlannedRun(
        run["task"], run["variant"], run["seed"], ".", run["settings_digest"], run["code_digest"]
    )
    scale = 0.0, 1.0, "", DEFAULT_THRESHOLD, None
    variant = Variant(run["variant"], None, "", "", run["settings"], external=_foreign(run))
    task = Task(run["task"], s.environment, s.action_repeat, s.steps, *scale)
    return Manifest(
        study="",
        study_seed=run["study_seed"],
        tasks={task.name: task},
        variants={run["variant"]: variant},
        seeds=[run["seed"]],
        points=s.evaluation_points,
        episodes=s.evaluation_episodes,
        final_episodes=s.evaluation_final_episodes,
        runs=[planned],
    )
