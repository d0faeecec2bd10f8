"""Claims, read and checked: schema first, then what fields mean together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mpo.study.entries import CONFIG, Variant, load_tasks, load_variants
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
    check_claims(entries, file, {}, load_variants())
    return entries


def study_claims(
    entries: dict[str, Any], file: Path, config: Path, variants: Mapping[str, Variant]
) -> dict[str, dict[str, Any]]:
    """The `claims` of a study's `file`, which stand beside those of the folder `config`.

    They may be about any of `variants`.

    Raises `ConfigError` for a fault of either.
    """
    beside = load_claims(config / "claims.yaml") if entries else {}
    try:
        check_claims(entries, file, beside, variants)
    except ConfigError as error:
        path = f"claims.{error.path}".strip(".")
        raise ConfigError(error.file, path, error.value, error.allowed) from None
    return entries


def check_claims(
    entries: dict[str, Any],
    file: Path,
    beside: dict[str, dict[str, Any]],
    variants: Mapping[str, Variant],
) -> None:
    """Raise `ConfigError` where `entries` are not claims, or not ones to judge with `beside`."""
    check(entries, "claims", file)
    names = {"variants": (variants, "variant"), "tasks": (load_tasks(), "task")}
    for claim, entry in entries.items():
        if claim in beside:
            raise ConfigError(file, claim, claim, "config/claims.yaml has a claim of that name")
        _check_fields(file, claim, entry)
        for field, (known, kind) in names.items():
            listed = entry.get(field, ALL)
            for place, name in enumerate([] if listed == ALL else listed):
                if name not in known:
                    where = f"{claim}.{field}.{place}"
                    raise ConfigError(file, where, name, suggestion(name, known, kind))
    sizes = Counter(entry.get("family") for entry in (beside | entries).values())
    for claim, entry in entries.items():
        family = entry.get("family")
        if family and sizes[family] > LARGEST_FAMILY:
            allowed = f"a family has at most {LARGEST_FAMILY} claims, and this one has"
            raise ConfigError(file, f"{claim}.family", family, f"{allowed} {sizes[family]}")


def _check_fields(file: Path, claim: str, entry: dict[str, Any]) -> None:
    """Raise `ConfigError` where the fields of an entry do not make a claim."""
    test = entry["test"]
    article = "an" if test == "equivalence" else "a"
    needed: list[str] = ["erratum"] if test == "computed" else [*OF_RUNS]
    if test not in ("computed", "equivalence"):
        needed.append("direction")
    if test == "share":
        needed.append("threshold")
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
    if test in ("one_sample", "share"):
        if entry["direction"] == "different":
            allowed = f"{article} {test} claim is that it is greater or less than the margin"
            raise ConfigError(file, f"{claim}.direction", "different", allowed)
        if test == "share" and (entry["variants"] == ALL or len(entry["variants"]) != 1):
            allowed = "a share claim is about the runs of one variant: a claim each"
            raise ConfigError(file, f"{claim}.variants", entry["variants"], allowed)
        if test == "share" and not 0 < entry["margin"] < 1:
            allowed = "the margin of a share is between 0 and 1; no test shows that all runs do it"
            raise ConfigError(file, f"{claim}.margin", entry["margin"], allowed)
        return
    pair = entry.get("compare", "variants")
    if entry[pair] == ALL or len(entry[pair]) != 2:
        allowed = f"{article} {test} claim compares two {pair}"
        raise ConfigError(file, f"{claim}.{pair}", entry[pair], allowed)
    if entry["margin"] < 0 or (test == "equivalence" and entry["margin"] == 0):
        allowed = "the margin of a difference is at least 0, of an equivalence above 0"
        raise ConfigError(file, f"{claim}.margin", entry["margin"], allowed)
