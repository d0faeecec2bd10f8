"""The claims file, read and checked: schema first, then what fields mean together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from mpo.study.entries import CONFIG, load_tasks, load_variants
from mpo.study.yaml_files import MISSING, ConfigError, check, read, suggestion

LARGEST_FAMILY = 6
"""Of more claims, Holm's correction would leave none that a few seeds can decide."""
ALL = "all"
OF_RUNS = ("metric", "variants", "tasks", "margin", "family")
"""The fields that a claim about runs must have."""


def load_claims(file: Path | str = CONFIG / "claims.yaml") -> dict[str, dict[str, Any]]:
    """The entries of the claims file by name. Raises `ConfigError` for a fault."""
    file = Path(file)
    entries = read(file) or {}
    check(entries, "claims", file)
    names = {"variants": (load_variants(), "variant"), "tasks": (load_tasks(), "task")}
    for claim, entry in entries.items():
        _check_fields(file, claim, entry)
        for field, (known, kind) in names.items():
            listed = entry.get(field, ALL)
            for place, name in enumerate([] if listed == ALL else listed):
                if name not in known:
                    where = f"{claim}.{field}.{place}"
                    raise ConfigError(file, where, name, suggestion(name, known, kind))
    for family, size in Counter(entry.get("family") for entry in entries.values()).items():
        if family and size > LARGEST_FAMILY:
            allowed = f"a family has at most {LARGEST_FAMILY} claims, and this one has {size}"
            first = next(name for name, entry in entries.items() if entry.get("family") == family)
            raise ConfigError(file, f"{first}.family", family, allowed)
    return entries


def _check_fields(file: Path, claim: str, entry: dict[str, Any]) -> None:
    """Raise `ConfigError` where the fields of an entry do not make a claim."""
    test = entry["test"]
    article = "an" if test == "equivalence" else "a"
    needed: list[str] = ["erratum"] if test == "computed" else [*OF_RUNS]
    if test not in ("computed", "equivalence"):
        needed.append("direction")
    optional = {"statement", "source", "test"} | ({"compare"} if test != "computed" else set())
    for field in needed:
        if field not in entry:
            raise ConfigError(
                file, f"{claim}.{field}", MISSING, f"{article} {test} claim requires it"
            )
    for field in entry:
        if field not in optional and field not in needed:
            raise ConfigError(
                file, f"{claim}.{field}", entry[field], f"{article} {test} claim has none"
            )
    if test == "computed":
        return
    if test == "one_sample":
        if entry["direction"] == "different":
            allowed = "a one_sample claim is that a mean is greater or less than the margin"
            raise ConfigError(file, f"{claim}.direction", "different", allowed)
        return
    pair = entry.get("compare", "variants")
    if entry[pair] == ALL or len(entry[pair]) != 2:
        allowed = f"{article} {test} claim compares two {pair}"
        raise ConfigError(file, f"{claim}.{pair}", entry[pair], allowed)
    if entry["margin"] < 0 or (test == "equivalence" and entry["margin"] == 0):
        allowed = "the margin of a difference is at least 0, of an equivalence above 0"
        raise ConfigError(file, f"{claim}.margin", entry["margin"], allowed)
