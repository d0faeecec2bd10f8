"""What every study asks untold: whether each variant ends elsewhere than its base."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping
from typing import Any

from mpo.settings import settings
from mpo.study.entries import Variant

METRIC = "score"
SOURCE = "asked of every variant and its base"


def claims_against_base(
    chosen: Collection[str],
    known: Mapping[str, Variant],
    declared: Mapping[str, Mapping[str, Any]],
) -> dict[str, dict[str, Any]]:
    """A claim for each variant of `chosen` that a base of it is compared with, by name.

    The base is the nearest one that the study has too. A pair whose scores a claim that is
    `declared` compares over all tasks is left to that, and one that learns with equal settings
    left out: it could only weaken the others. Those of one base are one family. None has
    the name of one that is declared, or of another variant's.
    """
    asked = {
        frozenset(claim["variants"])
        for claim in declared.values()
        if claim.get("metric") == METRIC and claim["variants"] != "all" and _everywhere(claim)
    }
    found: dict[str, dict[str, Any]] = {}
    for name in chosen:
        base = _nearest(name, chosen, known)
        if base is None or {name, base} in asked or _equal(known[name], known[base]):
            continue
        found[_claim_name(name, {*declared, *found})] = {
            "statement": f"{name} ends elsewhere than {base}",
            "source": SOURCE,
            "test": "two_sample",
            "metric": METRIC,
            "variants": [name, base],
            "tasks": "all",
            "direction": "different",
            "margin": 0,
            "family": f"against_{base}",
        }
    return found


def _everywhere(claim: Mapping[str, Any]) -> bool:
    """Whether it compares two variants over all tasks."""
    return claim["test"] == "two_sample" and claim["tasks"] == "all"


def _nearest(name: str, chosen: Collection[str], known: Mapping[str, Variant]) -> str | None:
    """The nearest base of a variant that is among the chosen; None where none is."""
    base = known[name].base
    while base is not None and base not in chosen:
        base = known[base].base
    return base


def _equal(one: Variant, other: Variant) -> bool:
    """Whether they learn with the same settings, told or not; of other code nobody knows."""
    if one.external or other.external:
        return False
    return settings(one.settings) == settings(other.settings)


def _claim_name(variant: str, taken: Collection[str]) -> str:
    """One that is not `taken`, from the name of a variant, which may have other characters."""
    stem = re.sub("[^a-z0-9]+", "-", variant.lower()).strip("-")
    endings = itertools.chain([""], (f"-{k}" for k in itertools.count(2)))
    names = (f"{stem}{ending}-against-base" for ending in endings)
    return next(name for name in names if name not in taken)
