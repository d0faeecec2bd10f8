"""What a study asks for, read from its `manifest.json`: the one thing that runs are held to.

The manifest is written from the configuration before anything trains. Everything here is plain
data: tasks with their score ranges, variants with their settings, and one entry a run with the
digests that its files must carry.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from mpo.evaluation.reading.faults import configuration, configured
from mpo.settings import SettingsError
from mpo.settings.equality import MANIFEST, Equality, equalities

FORMAT = 1
RUN_KEYS = ["task", "variant", "seed"]
"""Columns that say which run of its study a row is about."""
ALL = "all"
"""Name of the aggregate over all tasks, where a task's name is asked for."""
ROOT = "paper"
"""The variant that all variants of MPO descend from."""
TUNING_SEED = 1000
"""Seeds from this on are for choosing settings; a study reports those below."""
MADE_SO = ("kwargs", "wrappers", "episode_steps")
DEFAULT_THRESHOLD = 0.8
"""Score that counts as solved, unless the task says otherwise."""


class ManifestError(ValueError):
    """`manifest.json` is missing, unreadable or of another format."""


@dataclass(frozen=True)
class Task:
    """A task of the study: its budget in control steps and the range that makes a score."""

    name: str
    environment: str
    action_repeat: int
    steps: int
    low: float
    high: float
    reference: str
    threshold: float
    random_return: float | None
    """Mean return of the uniform policy; no run that diverged counts with more."""
    made_so: Mapping[str, Any] = field(default_factory=dict)
    """Arguments, wrappers and episodes' length, where the environment's name does not say all."""
    relative: bool = False
    """Whether `high` is the best run seen, since nobody gave a range (`reading.scales`)."""

    def evaluation_steps(self, points: int) -> list[int]:
        """Control steps at which an evaluation falls due: k / points of the budget."""
        return [k * self.steps // points for k in range(1, points + 1)]


class Rung(NamedTuple):
    """One trick of the variant `of`: added alone to its base, or left out of it."""

    of: str
    trick: str
    added: bool


@dataclass(frozen=True)
class Variant:
    """A variant of the study: what it changes in its base, why, and the settings that do it."""

    name: str
    base: str | None
    change: str
    source: str
    settings: dict[str, Any]
    swept: tuple[str, Any] | None = None
    """Where it is one value of its base's sweep: the setting, and the value."""
    rung: Rung | None = None
    external: bool = False
    """Whether a user's own code trained it, which logs as it likes."""

    @property
    def trained_here(self) -> bool:
        """Whether MPO trained it."""
        return not self.external and (self.base is not None or self.name == ROOT)


@dataclass(frozen=True)
class PlannedRun:
    """One run that the study asks for, its folder in the study and its digests."""

    task: str
    variant: str
    seed: int
    path: str
    settings_digest: str
    code_digest: str


@dataclass(frozen=True)
class Manifest:
    """A study as it was configured. Tasks and variants keep the order of the configuration."""

    study: str
    study_seed: int
    tasks: dict[str, Task]
    variants: dict[str, Variant]
    seeds: list[int]
    points: int
    episodes: int
    final_episodes: int
    runs: list[PlannedRun]
    equalities: tuple[Equality, ...] = ()
    """Codes that were shown equal, in that order."""
    claims: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Entries of the claims that the study's own file declares, by name."""

    @property
    def sweeps(self) -> dict[tuple[str, str], dict[str, Any]]:
        """By base and setting, the swept variants with their values, in their order."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for variant in self.variants.values():
            if variant.swept and variant.base:
                field, value = variant.swept
                found.setdefault((variant.base, field), {})[variant.name] = value
        return found

    @property
    def ladders(self) -> dict[str, dict[tuple[str, bool], str]]:
        """By variant that tricks make up: by trick, and whether added or left out, the variant.

        Those of which the study has the variant with all tricks and its base too.
        """
        found: dict[str, dict[tuple[str, bool], str]] = {}
        for variant in self.variants.values():
            if (rung := variant.rung) and self.variants.get(rung.of) and self.base_of(rung.of):
                found.setdefault(rung.of, {})[rung.trick, rung.added] = variant.name
        return found

    @property
    def reported_seeds(self) -> list[int]:
        """The seeds that are not for tuning."""
        return [seed for seed in self.seeds if seed < TUNING_SEED]

    def base_of(self, variant: str) -> str | None:
        """The base of `variant` where the study trains it too, None otherwise."""
        base = self.variants[variant].base
        return base if base in self.variants else None

    def only(self, runs: Sequence[PlannedRun]) -> Manifest:
        """The manifest that asks for `runs`, some of this one's, and no others."""
        tasks = {run.task for run in runs}
        variants, seeds = {run.variant for run in runs}, {run.seed for run in runs}
        chosen = set(runs)
        return replace(
            self,
            tasks={name: task for name, task in self.tasks.items() if name in tasks},
            variants={name: each for name, each in self.variants.items() if name in variants},
            seeds=[seed for seed in self.seeds if seed in seeds],
            runs=[run for run in self.runs if run in chosen],
        )


def read_manifest(study_dir: Path) -> Manifest:
    """The manifest of the study in `study_dir`. Raises `ManifestError` with what is wrong."""
    path = study_dir / MANIFEST
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestError(_missing(study_dir)) from None
    except ValueError as error:
        raise ManifestError(f"{path}: not JSON ({error})") from None
    if not isinstance(values, dict):
        what = type(values).__name__
        raise ManifestError(f"{path}: a {what} is not allowed; a manifest must be an object")
    if values.get("format") != FORMAT:
        raise ManifestError(
            f"{path}: format: {values.get('format')!r} is not allowed; this code reads {FORMAT}"
        )
    try:
        found = manifest_of(values, equalities(path))
        return scaled(found, read_scales(study_dir))
    except KeyError as error:
        raise ManifestError(f"{path}: the key {error} is missing") from None
    except SettingsError as error:
        raise ManifestError(str(error)) from None


def _missing(study_dir: Path) -> str:
    """What to say of a folder without a manifest: whether it is a study's, and what writes it."""
    study = study_dir.absolute().name
    if not study_dir.is_dir():
        return f"{study_dir}: there is no such folder; a study's is results/STUDY"
    if configured(study) is None:
        told = f"this is no study's folder, and no file of config/ is of a study {study}"
    else:
        told = f"the first step of `snakemake --cores all {configuration(study)}` writes it"
    return f"{study_dir / MANIFEST}: there is no such file; {told}"


SCALES = "scales.csv"
"""Of tasks without a range the scores of 0 and 1 and what they are, once runs were read."""


class Scale(NamedTuple):
    """The returns that count as 0 and 1, and what they are."""

    low: float
    high: float
    reference: str


def scaled(manifest: Manifest, scales: Mapping[str, Scale]) -> Manifest:
    """The manifest with these for its tasks without a range."""
    tasks = {
        name: replace(task, **scales[name]._asdict()) if task.relative and name in scales else task
        for name, task in manifest.tasks.items()
    }
    return replace(manifest, tasks=tasks)


def read_scales(folder: Path) -> dict[str, Scale]:
    """Those that were written with the scores in `folder`; none where every task has a range."""
    file = folder / SCALES
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as rows:
        return {
            row["task"]: Scale(float(row["low"]), float(row["high"]), row["reference"])
            for row in csv.DictReader(rows)
        }


def manifest_of(values: dict[str, Any], shown: tuple[Equality, ...] = ()) -> Manifest:
    """The manifest with the content `values`, and the codes `shown` equal. Raises KeyError."""
    evaluation = values["evaluation"]
    return Manifest(
        study=values["study"],
        study_seed=values["study_seed"],
        tasks={name: _task(name, entry) for name, entry in values["tasks"].items()},
        variants={name: _variant(name, entry) for name, entry in values["variants"].items()},
        seeds=list(values["seeds"]),
        points=evaluation["points"],
        episodes=evaluation["episodes"],
        final_episodes=evaluation["final_episodes"],
        runs=[
            PlannedRun(**{each.name: run[each.name] for each in fields(PlannedRun)})
            for run in values["runs"]
        ],
        equalities=shown,
        claims=values.get("claims", {}),
    )


def _variant(name: str, entry: dict[str, Any]) -> Variant:
    sweep = entry.get("sweep")
    swept = (sweep["field"], sweep["value"]) if sweep else None
    told = entry.get("base"), entry["change"], entry["source"], entry["settings"]
    rung = Rung(**entry["rung"]) if "rung" in entry else None
    return Variant(name, *told, swept, rung, entry.get("external", False))


def _task(name: str, entry: dict[str, Any]) -> Task:
    relative = entry["score_range"] is None  # and nothing is known of what a run may reach
    low, high = (entry["random_return"], math.nan) if relative else entry["score_range"]
    threshold = entry.get("threshold")
    return Task(
        name=name,
        environment=entry["environment"],
        action_repeat=entry.get("action_repeat") or 1,
        steps=entry["steps"],
        low=low,
        high=high,
        reference=entry["reference"],
        threshold=DEFAULT_THRESHOLD if threshold is None else threshold,
        random_return=entry.get("random_return"),
        made_so={name: entry[name] for name in MADE_SO if name in entry},
        relative=relative,
    )
