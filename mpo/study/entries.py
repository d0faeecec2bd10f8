"""The entries of `config/tasks.yaml` and `config/variants.yaml`, read and checked.

Each value of a setting keeps its origin, so that a fault is reported where the value stands,
also when another file brings it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpo.project import PROJECT
from mpo.settings import Settings, SettingsError, settings
from mpo.study.yaml_files import MISSING, ConfigError, check, read, suggestion

CONFIG = PROJECT / "config"
TASK_FIELDS = ("environment", "action_repeat", "steps_per_update", "episode_steps")
"""The settings that an entry of tasks.yaml gives, besides the budget."""
STUDY_FIELDS = ("evaluation_points", "evaluation_episodes", "evaluation_final_episodes")
"""The settings that only a study gives, since its tables compare runs at the same points."""


@dataclass(frozen=True)
class Origin:
    """A value with the file and the path in which it stands."""

    value: Any
    file: Path
    path: str

    def fault(self, allowed: str) -> ConfigError:
        """That this value is not allowed, and what is."""
        return ConfigError(self.file, self.path, self.value, allowed)


@dataclass(frozen=True)
class Task:
    """An entry of tasks.yaml; `steps` is the budget of a run by hand."""

    alias: str
    environment: str
    score_range: tuple[float, float]
    reference: str
    steps: int
    threshold: float | None
    fields: dict[str, Origin]

    @property
    def settings(self) -> dict[str, Any]:
        """The fields that this task sets, but for the budget."""
        return {field: origin.value for field, origin in self.fields.items()}


@dataclass(frozen=True)
class Variant:
    """An entry of variants.yaml; `fields` holds those of its bases too.

    `external` lists the files of a variant that a rule of the user's own trains.
    """

    name: str
    base: str | None
    change: str
    source: str
    fields: dict[str, Origin]
    external: tuple[Path, ...]

    @property
    def settings(self) -> dict[str, Any]:
        """The fields that this variant or a base of it sets."""
        return {field: origin.value for field, origin in self.fields.items()}


def load_tasks(file: Path = CONFIG / "tasks.yaml") -> dict[str, Task]:
    """The tasks by alias. Raises `ConfigError`."""
    content = read(file)
    check(content, "tasks", file)
    return {alias: _task(alias, entry, file) for alias, entry in content.items()}


def load_variants(file: Path = CONFIG / "variants.yaml") -> dict[str, Variant]:
    """The variants by name, each checked by itself. Raises `ConfigError`."""
    content = read(file)
    check(content, "variants", file)
    variants = {name: _variant(name, content, file) for name in content}
    for variant in variants.values():
        merged(variant.fields, Origin(variant.settings, file, variant.name))
    return variants


def merged(fields: Mapping[str, Origin], otherwise: Origin) -> Settings:
    """The settings of `fields`; a fault is reported where its field stands, or `otherwise`."""
    try:
        return settings({field: origin.value for field, origin in fields.items()})
    except SettingsError as error:
        field = error.field.split(".")[0]
        origin = fields.get(field)
        if origin is not None:
            raise origin.fault(error.allowed) from None
        where = f"{otherwise.path}.{field}" if field else otherwise.path
        raise ConfigError(otherwise.file, where, error.value, error.allowed) from None


def _task(alias: str, entry: dict[str, Any], file: Path) -> Task:
    low, high = entry["score_range"]
    if low >= high:
        raise ConfigError(
            file, f"{alias}.score_range", [low, high], "the first number must be below the second"
        )
    fields = {
        field: Origin(entry[field], file, f"{alias}.{field}")
        for field in TASK_FIELDS
        if field in entry
    }
    return Task(
        alias=alias,
        environment=entry["environment"],
        score_range=(low, high),
        reference=entry["reference"],
        steps=entry["steps"],
        threshold=entry.get("threshold"),
        fields=fields,
    )


def _variant(name: str, entries: dict[str, Any], file: Path) -> Variant:
    entry = entries[name]
    external = tuple(_external(name, entry, file))
    fields: dict[str, Origin] = {}
    for link in reversed(_chain(name, entries, file)):
        for field, value in (entries[link].get("settings") or {}).items():
            fields[field] = Origin(value, file, f"{link}.settings.{field}")
    for field in ("environment", "steps", "action_repeat", *STUDY_FIELDS):
        if field in fields:
            raise fields[field].fault("a variant cannot set it: a task or a study does")
    return Variant(name, entry.get("base"), entry["change"], entry["source"], fields, external)


def _chain(name: str, entries: dict[str, Any], file: Path) -> list[str]:
    """`name`, its base, that one's base and so on. Raises `ConfigError` for a cycle."""
    chain = [name]
    while (base := entries[chain[-1]].get("base")) is not None:
        path = f"{chain[-1]}.base"
        if base not in entries:
            raise ConfigError(file, path, base, suggestion(base, entries, "variant"))
        if base in chain:
            circle = " -> ".join([*chain[chain.index(base) :], base])
            raise ConfigError(file, path, base, f"bases must not go in a circle: {circle}")
        chain.append(base)
    root = entries[chain[-1]]
    if chain[-1] != "paper" and "external" not in root:
        allowed = "the key is required of all variants but paper: the name of a variant"
        raise ConfigError(file, f"{chain[-1]}.base", MISSING, allowed)
    return chain


def _external(name: str, entry: dict[str, Any], file: Path):
    for index, path in enumerate(entry.get("external", ())):
        if not (PROJECT / path).is_file():
            allowed = "there is no such file below the project's folder"
            raise ConfigError(file, f"{name}.external.{index}", path, allowed)
        yield PROJECT / path
    for key in ("base", "settings"):
        if "external" in entry and key in entry:
            raise ConfigError(
                file, f"{name}.{key}", entry[key], "a variant with external has only change, source"
            )
