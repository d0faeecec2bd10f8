"""The entries of variants.yaml, and those that the lists of an entry stand for.

What `sweep` stands for is said in `mpo.study.sweeps`; this is about tricks.

An entry of variants.yaml may give its settings in named parts, under `tricks`. Then it is its base
with all of them, and of each part there are two variants more:

| name | what it is |
|---|---|
| `<base>_with_<trick>` | the base with this trick, and with those that it needs |
| `<variant>_without_<trick>` | the variant without it, and without those that need it |
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mpo.study.sweeps import Swept, swept
from mpo.study.yaml_files import ConfigError, suggestion


class Rung(NamedTuple):
    """One trick of the variant `of`: added alone to its base, or left out of it."""

    of: str
    trick: str
    added: bool


class Entry(NamedTuple):
    """An entry of variants.yaml, written there or generated; each field with where it stands."""

    base: str | None
    change: str
    source: str
    fields: dict[str, tuple[Any, str]]
    """Value and path by field, those of the bases left out."""
    external: list[str]
    left_out: tuple[str, ...] = ()
    """Fields of the base that this entry takes back to what they are in the base's base."""
    generated: bool = False
    swept: Swept | None = None
    """The setting of a sweep, where it stands for one of its values."""
    rung: Rung | None = None


def entries(
    content: dict[str, dict[str, Any]], file: Path, known: Container[str] = ()
) -> dict[str, Entry]:
    """Every entry of the file by name, the generated ones after the one they are of.

    Names that are `known` are another file's.

    Raises `ConfigError` for tricks without a base, one that needs an unknown one, a field that two
    of them set, a value of a sweep that cannot be named, and a generated name that is taken.
    """
    found: dict[str, Entry] = {}
    for name, entry in content.items():
        settings = {
            field: (value, f"{name}.settings.{field}")
            for field, value in (entry.get("settings") or {}).items()
        }
        tricks = _tricks(name, entry, settings, file)
        parts = {field: at for fields, _ in tricks.values() for field, at in fields.items()}
        fields = {**parts, **settings}
        plain = entry["change"], entry["source"], fields, entry.get("external", [])
        found[name] = Entry(entry.get("base"), *plain)
        for other, generated in [*_ladder(name, entry, tricks), *_sweep(name, entry, file)]:
            if other in content or other in found or other in known:
                part = "sweep" if generated.swept else "tricks"
                allowed = f"{name}.{part} stands for a variant of this name; give one another name"
                raise ConfigError(file, other, content.get(other, other), allowed)
            found[other] = generated
    return found


Trick = tuple[dict[str, tuple[Any, str]], tuple[str, ...]]
"""Its fields, and the tricks that it needs."""


def _tricks(
    name: str, entry: dict[str, Any], settings: dict[str, Any], file: Path
) -> dict[str, Trick]:
    listed: dict[str, dict[str, Any]] = entry.get("tricks") or {}
    if listed and "base" not in entry:
        raise ConfigError(file, f"{name}.tricks", listed, "it needs a base to which they are added")
    found: dict[str, Trick] = {}
    taken = dict(settings)
    for trick, part in listed.items():
        path = f"{name}.tricks.{trick}"
        for index, needed in enumerate(part.get("needs", [])):
            if needed not in listed or needed == trick:
                allowed = suggestion(needed, set(listed) - {trick}, "trick")
                raise ConfigError(file, f"{path}.needs.{index}", needed, allowed)
        fields = {
            field: (value, f"{path}.settings.{field}") for field, value in part["settings"].items()
        }
        for field, (value, where) in fields.items():
            if field in taken:
                raise ConfigError(file, where, value, f"{taken[field][1]} sets it already")
        taken |= fields
        found[trick] = fields, tuple(part.get("needs", []))
    return found


def _ladder(
    name: str, entry: dict[str, Any], tricks: dict[str, Trick]
) -> Iterator[tuple[str, Entry]]:
    """The variants that the tricks of an entry stand for."""
    for trick, (fields, needs) in tricks.items():
        change = entry["tricks"][trick]["change"]
        needed = {field: at for other in needs for field, at in tricks[other][0].items()}
        added = f"{change}, alone" if not needs else f"{change}, with {' and '.join(needs)} alone"
        yield (
            f"{entry['base']}_with_{trick}",
            Entry(
                *(entry["base"], added, entry["source"], {**needed, **fields}, []),
                generated=True,
                rung=Rung(name, trick, added=True),
            ),
        )
        users = [other for other, (_, wanted) in tricks.items() if trick in wanted]
        gone = tuple(field for other in (trick, *users) for field in tricks[other][0])
        left = f"all but: {' and '.join([change, *(entry['tricks'][u]['change'] for u in users)])}"
        yield (
            f"{name}_without_{trick}",
            Entry(
                *(name, left, entry["source"], {}, [], gone),
                generated=True,
                rung=Rung(name, trick, added=False),
            ),
        )


def _sweep(name: str, entry: dict[str, Any], file: Path) -> Iterator[tuple[str, Entry]]:
    """The variants that the sweep of an entry stands for."""
    for other, change, path in swept(name, entry, file):
        told = f"{change.field} {change.value}"
        fields = {change.field: (change.value, path)}
        source = entry["source"]
        yield other, Entry(name, told, source, fields, [], generated=True, swept=change)
