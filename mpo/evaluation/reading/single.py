"""One run's files by themselves: every fault, for whoever writes such files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mpo.evaluation.reading.checks import KEYS, read_run
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


def faults_of(folder: Path) -> tuple[str, list[Fault]]:
    """What the run in `folder` was held to, in words, and everything that is wrong with it.

    Raises `ManifestError` where it lies in a study whose manifest is broken.
    """
    missing = [name for name in RUN_FILES if not (folder / name).is_file()]
    faults = [Fault(str(folder), f"{name} is missing{MAY_BE[name]}") for name in missing]
    run, what = _described(folder / RUN)
    faults += [Fault(str(folder), each) for each in what]
    own = "its own run.json, as no study's manifest lies above it"
    if run is None or what:
        return own, faults
    file = manifest_of(folder.absolute())
    if file.is_file():
        manifest = read_manifest(file.parent)
        path = folder.absolute().relative_to(file.parent).as_posix()
        planned = next((each for each in manifest.runs if each.path == path), None)
        own = str(file)
        if planned is None:
            return own, [*faults, Fault(path, f"{path} is no run of the study's manifest")]
        root = file.parent
    else:
        try:
            manifest, root = _alone(folder, run), folder
        except (SettingsError, OptionError) as error:
            return own, [*faults, Fault(str(folder), f"{RUN}: settings.{error}")]
        planned = manifest.runs[0]
    found = read_run(root, manifest, planned)[1]
    said = {f"{name} is missing" for name in missing}
    found = [each for each in found if each.what not in said]
    return own, [*faults, *found]


def _described(file: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """A run.json, and what it lacks; None where it cannot be read, which others say."""
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, []
    except ValueError as error:
        return None, [f"{RUN} is not JSON ({error})"]
    if not isinstance(run, dict):
        return None, [f"{RUN} is no object with {', '.join(KEYS)}"]
    lacking = [
        f"{RUN}: the key {key} is missing: {what}" for key, what in KEYS.items() if key not in run
    ]
    whole = ("seed", "study_seed", "steps", "updates")
    odd = [
        f"{RUN}: {key}: {run[key]!r} is not allowed; {KEYS[key]}"
        for key in whole
        if key in run and (not isinstance(run[key], int) or isinstance(run[key], bool))
    ]
    if not isinstance(run.get("settings", {}), dict):
        odd.append(f"{RUN}: settings: {run['settings']!r} is not allowed; {KEYS['settings']}")
    return run, lacking + odd


def _alone(folder: Path, run: dict[str, Any]) -> Manifest:
    """The manifest that asks for this run as it says it is. Raises `SettingsError`."""
    s = settings(run["settings"])
    planned = PlannedRun(
        run["task"], run["variant"], run["seed"], ".", run["settings_digest"], run["code_digest"]
    )
    scale = 0.0, 1.0, "", DEFAULT_THRESHOLD, None
    task = Task(run["task"], s.environment, s.action_repeat, s.steps, *scale)
    return Manifest(
        study="",
        study_seed=run["study_seed"],
        tasks={task.name: task},
        variants={run["variant"]: Variant(run["variant"], None, "", "", run["settings"])},
        seeds=[run["seed"]],
        points=s.evaluation_points,
        episodes=s.evaluation_episodes,
        final_episodes=s.evaluation_final_episodes,
        runs=[planned],
    )
