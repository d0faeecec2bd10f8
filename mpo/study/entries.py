"""The entries of `config/tasks.yaml` and `config/variants.yaml`, read and checked.

Each value of a setting keeps its origin, so that a fault is reported where the value stands,
also when another file brings it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mpo.project import PROJECT
from mpo.settings import Settings, SettingsError, kind_of, overlaid, settings
from mpo.study.sweeps import Swept, rule_name
from mpo.study.tricks import Entry, Rung, entries
from mpo.study.yaml_files import MISSING, ConfigError, check, read, suggestion

CONFIG = PROJECT / "config"
TASK_FIELDS = (
    "environment",
    "kwargs",
    "wrappers",
    "action_repeat",
    "steps_per_update",
    "episode_steps",
)
"""The settings that an entry of tasks.yaml gives, besides the budget."""
MADE_SO = ("kwargs", "wrappers", "episode_steps")
"""Those of them that make of an environment's name another task."""
STUDY_FIELDS = ("evaluation_points", "evaluation_episodes", "evaluation_final_episodes")
"""The settings that only a study gives, since its tables compare runs at the same points."""


@dataclass(frozen=True)
class Origin:
    """A value with the file and the path in which it stands; equal to any of the same value."""

    value: Any
    file: Path = field(compare=False)
    path: str = field(compare=False)

    def fault(self, allowed: str) -> ConfigError:
        """That this value is not allowed, and what is."""
        return ConfigError(self.file, self.path, self.value, allowed)


@dataclass(frozen=True)
class Task:
    """An entry of tasks.yaml; `steps` is the budget of a run by hand."""

    alias: str
    environment: str
    score_range: tuple[float, float] | None
    """None where scores are relative to the uniform policy and the best run seen."""
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

    `external` lists the files of a variant that a rule of the user's own trains; its `fields` have
    names of its own code.
    """

    name: str
    base: str | None
    change: str
    source: str
    fields: dict[str, Origin]
    external: tuple[Path, ...]
    generated: bool = False
    """Whether tricks or a sweep of another entry stand for it (`mpo.study.tricks`)."""
    swept: Swept | None = None
    """The setting of its base's sweep, and its value here."""
    rung: Rung | None = None

    @property
    def rule(self) -> str:
        """The name of the rule that trains it."""
        return rule_name(self.name)

    @property
    def settings(self) -> dict[str, Any]:
        """The fields that this variant or a base of it sets."""
        return {field: origin.value for field, origin in self.fields.items()}

    @property
    def asked(self) -> dict[str, Origin]:
        """What it asks of a run's settings: its fields or, of foreign code, all of them as one."""
        if not (self.external and self.fields):
            return self.fields
        first = next(iter(self.fields.values()))
        return {"foreign": Origin(self.settings, first.file, f"{self.name}.settings")}


def load_tasks(file: Path = CONFIG / "tasks.yaml") -> dict[str, Task]:
    """The tasks by alias. Raises `ConfigError`."""
    content = read(file)
    check(content, "tasks", file)
    return {alias: _task(alias, entry, file) for alias, entry in content.items()}


def load_variants(file: Path = CONFIG / "variants.yaml") -> dict[str, Variant]:
    """The variants by name, each checked by itself. Raises `ConfigError`."""
    content = read(file)
    check(content, "variants", file)
    return _variants(content, {}, file)


def study_variants(
    own: dict[str, Any], file: Path, beside: Path = CONFIG / "variants.yaml"
) -> dict[str, Variant]:
    """The variants of the file `beside`, then a study's own of its `file`, which may build on them.

    Raises `ConfigError` for a fault of either.
    """
    known = load_variants(beside)
    if not own:
        return known
    try:
        check(own, "variants", file)
        for name in own:
            if name in known:
                raise ConfigError(file, name, name, f"{beside.name} has a variant of that name")
        return known | _variants(own, known, file)
    except ConfigError as error:
        path = f"own_variants.{error.path}".strip(".")
        raise ConfigError(error.file, path, error.value, error.allowed) from None


def _variants(content: dict[str, Any], known: dict[str, Variant], file: Path) -> dict[str, Variant]:
    """The variants that entries make, which may build on those that are `known`."""
    for name, entry in content.items():
        _check_external(name, entry, file)
    found = entries(content, file, known)
    variants = {name: _variant(name, found, known, file) for name in found}
    for variant in variants.values():
        merged(variant.asked, Origin(variant.settings, file, variant.name))
    return variants


def merged(fields: Mapping[str, Origin], otherwise: Origin) -> Settings:
    """The settings of `fields`; a fault is reported where its field stands, or `otherwise`."""
    try:
        return settings({field: origin.value for field, origin in fields.items()})
    except SettingsError as error:
        field = error.field if error.field in fields else error.field.split(".")[0]
        origin = fields.get(field)
        if origin is not None:
            raise origin.fault(error.allowed) from None
        where = f"{otherwise.path}.{field}" if field else otherwise.path
        raise ConfigError(otherwise.file, where, error.value, error.allowed) from None


def _task(alias: str, entry: dict[str, Any], file: Path) -> Task:
    low, high = entry.get("score_range", (0, 1))
    if ("score_range" in entry) != ("reference" in entry):
        missing = "reference" if "score_range" in entry else "score_range"
        allowed = "score_range and reference are both required, or left out"
        raise ConfigError(file, f"{alias}.{missing}", MISSING, allowed)
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
        score_range=(low, high) if "score_range" in entry else None,
        reference=entry.get("reference", ""),
        steps=entry["steps"],
        threshold=entry.get("threshold"),
        fields=fields,
    )


def _variant(name: str, found: dict[str, Entry], known: dict[str, Variant], file: Path) -> Variant:
    entry, chain = found[name], _chain(name, found, known, file)
    root = found[chain[-1]].base
    fields: dict[str, Origin] = dict(known[root].fields) if root else {}
    external = known[root].external if root else ()
    below: dict[str, Origin] = {}
    """The fields of the base's base, to which `left_out` goes back."""
    for link in reversed(chain):
        if found[link].external:  # to whose code what other code is set to means nothing
            external, fields = tuple(PROJECT / path for path in found[link].external), {}
        gone = found[link].left_out
        back = {f: at for f, at in below.items() if f in gone or kind_of(f) in gone}
        kept = {f: at for f, at in fields.items() if not (f in gone or kind_of(f) in gone)}
        own = {f: Origin(value, file, path) for f, (value, path) in found[link].fields.items()}
        below, fields = fields, overlaid(kept | back, own)
    for each in ("environment", "kwargs", "wrappers", "steps", "action_repeat", *STUDY_FIELDS):
        if each in fields:
            raise fields[each].fault("a variant cannot set it: a task or a study does")
    if "foreign" in fields and not external:
        raise fields["foreign"].fault("only the settings of an external variant are foreign")
    plain = entry.base, entry.change, entry.source, fields, external
    return Variant(name, *plain, entry.generated, entry.swept, entry.rung)


def _chain(name: str, found: dict[str, Entry], known: dict[str, Variant], file: Path) -> list[str]:
    """`name`, its base, that one's base and so on, to one whose base is `known` or that has none.

    Raises `ConfigError` for a cycle, and for a base that there is not.
    """
    chain = [name]
    while (base := found[chain[-1]].base) is not None:
        path = f"{chain[-1]}.base"
        if base in known:
            return chain
        if base not in found:
            raise ConfigError(file, path, base, suggestion(base, {**known, **found}, "variant"))
        if base in chain:
            circle = " -> ".join([*chain[chain.index(base) :], base])
            raise ConfigError(file, path, base, f"bases must not go in a circle: {circle}")
        chain.append(base)
    if chain[-1] != "paper" and not found[chain[-1]].external:
        allowed = "the key is required of all variants but paper: the name of a variant"
        raise ConfigError(file, f"{chain[-1]}.base", MISSING, allowed)
    return chain


def _check_external(name: str, entry: dict[str, Any], file: Path) -> None:
    """Raise `ConfigError` where a variant that a rule of the user's trains is not as it must be."""
    for index, path in enumerate(entry.get("external", ())):
        if not (PROJECT / path).is_file():
            allowed = "there is no such file below the project's folder"
            raise ConfigError(file, f"{name}.external.{index}", path, allowed)
    if "external" in entry and "tricks" in entry:
        allowed = (
            "tricks add to the base, and this is other code; a variant based on it may have some"
        )
        raise ConfigError(file, f"{name}.tricks", entry["tricks"], allowed)
