"""A study: from its YAML file to the settings and the digests of each of its runs.

Settings merge in this order: defaults, the variant's chain of bases, the variant, the task's
own fields, the study's budget for the task, the study's settings. A variant overrides its base,
and the study the task; where a variant sets what the task or the study sets too, to another
value, that is a fault, since one of them would do nothing. Every fault is a `ConfigError`.
"""

from __future__ import annotations

import csv
import fnmatch
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mpo.settings import Settings
from mpo.study.against_base import claims_against_base
from mpo.study.claims import load_claims, study_claims
from mpo.study.entries import (
    CONFIG,
    Origin,
    Task,
    Variant,
    load_tasks,
    load_variants,
    merged,
    study_variants,
)
from mpo.study.study import Run, Study
from mpo.study.yaml_files import MISSING, ConfigError, check, parse, read, suggestion

__all__ = ["ConfigError", "Run", "Study", "load_study", "load_tasks", "load_variants"]

DEFAULT = CONFIG / "study.yaml"
COMMAND_LINE = Path("--config")
"""Where an override stands, as a fault names it."""
ON, OFF = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def load_study(
    file: Path | str = DEFAULT,
    overrides: Iterable[str] = (),
    config: Path = CONFIG,
) -> Study:
    """The study of `file`, with top-level keys replaced by `overrides`: "seeds=[0, 1]".

    `config` is the folder of tasks.yaml, variants.yaml, claims.yaml and random_scores.csv. Raises
    `ConfigError` for the first fault of any of them.
    """
    content = read(Path(file))
    check(content, "study", Path(file))
    place = dict.fromkeys(content, Path(file))
    for override in overrides:
        key, _, text = override.partition("=")
        place[key] = COMMAND_LINE
        content[key] = parse(text, place[key])
        check(content, "study", place[key])
    tasks = _chosen_tasks(content, place["tasks"], load_tasks(config / "tasks.yaml"))
    uniform = load_random_returns(config / "random_scores.csv")
    for alias, task in tasks.items():
        if task.score_range is None and alias not in uniform:
            allowed = f"it may be left out once random_scores.csv has the task: {measured(alias)}"
            raise ConfigError(config / "tasks.yaml", f"{alias}.score_range", MISSING, allowed)
    known = study_variants(
        content.get("own_variants") or {},
        place.get("own_variants", Path(file)),
        config / "variants.yaml",
    )
    variants = _chosen_variants(content, place["variants"], known)
    own = _own_fields(content, place.get("settings", Path(file)))
    budgets = {
        alias: Origin(steps, place["tasks"], f"tasks.{alias}")
        for alias, steps in content["tasks"].items()
    }
    claims = study_claims(
        content.get("claims") or {}, place.get("claims", Path(file)), config, known
    )
    if content.get("against_base", True):
        beside = config / "claims.yaml"
        declared = load_claims(beside) if beside.exists() else {}
        claims = claims | claims_against_base(variants, known, declared | claims)
    return Study(
        name=content["study"],
        study_seed=content["study_seed"],
        variants=variants,
        tasks=tasks,
        steps=content["tasks"],
        seeds=tuple(content["seeds"]),
        settings={
            (alias, name): _settings(task, variant, budgets[alias], own)
            for alias, task in tasks.items()
            for name, variant in variants.items()
        },
        random_returns=uniform,
        claims=claims,
        theory=content.get("theory", False),
        tensorboard=content.get("tensorboard"),
        reproduces=content.get("reproduces"),
        cohorts=content.get("cohorts"),
    )


def without_switch(key: str, overrides: Iterable[str]) -> tuple[bool, list[str]]:
    """Whether `key` is on, as it is unless the last "key=no" says otherwise; the other overrides.

    Raises `ConfigError` for a value that is neither yes nor no.
    """
    on, others = True, []
    for override in overrides:
        name, _, value = override.partition("=")
        if name != key:
            others.append(override)
        elif value.lower() in ON + OFF:
            on = value.lower() in ON
        else:
            raise ConfigError(COMMAND_LINE, key, value, f"allowed are {', '.join(ON + OFF)}")
    return on, others


def load_random_returns(file: Path) -> dict[str, float]:
    """Mean return of uniformly random actions by task; none where `file` is missing.

    Raises `ConfigError` for the first fault.
    """
    if not file.exists():
        return {}
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return _random_returns(file, csv.DictReader(lines))
    except UnicodeDecodeError:
        raise ConfigError(file, "", str(file), "it cannot be read: not UTF-8") from None


def _random_returns(file: Path, rows: csv.DictReader[str]) -> dict[str, float]:
    """The rows of `file`, which has the columns task and return_mean, and may have others."""
    columns = rows.fieldnames or ()
    if lacking := [name for name in ("task", "return_mean") if name not in columns]:
        allowed = f"the column {lacking[0]} is required"
        raise ConfigError(file, "line 1", ",".join(columns), allowed)
    found: dict[str, float] = {}
    for row in rows:
        try:
            found[row["task"]] = _finite(row["return_mean"] or "")
        except ValueError:
            where = f"{row['task'] or f'line {rows.line_num}'}.return_mean"
            allowed = "it must be a finite number"
            raise ConfigError(file, where, row["return_mean"], allowed) from None
    return found


def _finite(text: str) -> float:
    """The number written as `text`. Raises ValueError where it is none, or not finite."""
    if not math.isfinite(number := float(text)):
        raise ValueError
    return number


def measured(alias: str) -> str:
    """The command that measures the uniform policy on a task, and puts it into the project's file.

    `mpo.evaluation.reading.load` says the same, which cannot import this.
    """
    more = "--csv config/random_scores.csv --episodes 100"
    return f"python -m mpo evaluate --policy uniform --task {alias} {more}"


def _chosen_tasks(content: dict[str, Any], file: Path, known: dict[str, Task]) -> dict[str, Task]:
    for alias, steps in content["tasks"].items():
        if alias not in known:
            raise ConfigError(file, f"tasks.{alias}", steps, suggestion(alias, known, "task"))
    return {alias: known[alias] for alias in content["tasks"]}


def _chosen_variants(
    content: dict[str, Any], file: Path, known: dict[str, Variant]
) -> dict[str, Variant]:
    """Those that the study names; `*` in a name stands for anything, as in `paper_with_*`."""
    chosen: dict[str, Variant] = {}
    for index, name in enumerate(content["variants"]):
        matches = fnmatch.filter(known, name) if "*" in str(name) else [name]
        if not matches or matches[0] not in known:
            allowed = suggestion(name, known, "variant")
            raise ConfigError(file, f"variants.{index}", name, allowed)
        chosen |= {match: known[match] for match in matches}
    return chosen


def _own_fields(content: dict[str, Any], file: Path) -> dict[str, Origin]:
    """The study's settings for all of its runs."""
    fields = {
        field: Origin(value, file, f"settings.{field}")
        for field, value in (content.get("settings") or {}).items()
    }
    entry = "an entry of tasks.yaml"
    owners = {"environment": entry, "kwargs": entry, "wrappers": entry, "steps": "tasks"}
    owners["foreign"] = "the settings of an external variant"
    for field, instead in owners.items():
        if field in fields:
            raise fields[field].fault(f"it is given by {instead}")
    return fields


def _settings(task: Task, variant: Variant, budget: Origin, own: dict[str, Origin]) -> Settings:
    """The settings that runs of `variant` on `task` share."""
    fields = variant.asked | task.fields | {"steps": budget} | own
    for field, origin in variant.asked.items():
        other = fields[field]
        if other.value != origin.value:
            raise other.fault(
                f"variant {variant.name} sets {field} to {origin.value!r}, "
                "which a task or a study must leave to it"
            )
    return merged(fields, budget)


def _main() -> None:
    """Check the study that the command line names, and print the folder of its results."""
    try:
        print(load_study(sys.argv[1]).folder)
    except ConfigError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _main()
