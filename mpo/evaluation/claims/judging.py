"""The claims of the literature held against a study: one row a claim, with its verdict."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from mpo.evaluation.claims.claim import LEVEL, Claim
from mpo.evaluation.claims.metrics import METRICS
from mpo.evaluation.claims.permutation import smallest
from mpo.evaluation.claims.sizes import MOST_RUNS, runs_needed, smallest_effect
from mpo.evaluation.claims.verdicts import Judged, holm, judged
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import Manifest

SUPPORTED, REFUTED, UNDECIDED, NOT_RUN = "supported", "refuted", "undecided", "not_run"
VERDICTS = (SUPPORTED, REFUTED, UNDECIDED, NOT_RUN)
COLUMNS = [
    *("claim", "statement", "source", "family", "test", "metric", "first", "second", "where"),
    "over",
    *("direction", "margin", "verdict", "n", "effect", "low", "high", "p", "p_adjusted"),
    *("smallest_effect", "seeds_needed", "smallest_p", "note"),
]


def judge(claims: list[Claim], frames: Frames, errata: pd.DataFrame | None) -> pd.DataFrame:
    """A row a claim, with `COLUMNS`. `errata`: the table of errata, where the study has it."""
    found: dict[str, Judged] = {}
    notes: dict[str, str] = {}
    for claim in claims:
        if claim.computed:
            continue
        samples, notes[claim.id] = _samples(claim, frames)
        if samples:
            found[claim.id] = judged(claim, samples)
    sizes = {
        family: sum(claim.family == family and claim.id in found for claim in claims)
        for family in {claim.family for claim in claims}
    }
    adjusted = _adjusted(claims, found)
    rows = []
    for claim in claims:
        row: dict[str, Any] = {**_described(claim, frames.manifest), "note": notes.get(claim.id)}
        if claim.computed:
            row |= _computed(claim, errata)
        elif claim.id in found:
            level = LEVEL / sizes[claim.family]
            row |= _verdict(claim, found[claim.id], adjusted[claim.id], level)
        else:
            row["verdict"] = NOT_RUN
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"n": "Int64", "seeds_needed": "Int64"})


def powerless(claims: list[Claim], manifest: Manifest) -> dict[str, float]:
    """The claims that this study's n cannot decide, whatever its runs show: id to smallest p.

    The smallest attainable p, corrected as the first of its family, is above `LEVEL`.
    """
    possible = [claim for claim in claims if not claim.computed and not claim.lacking(manifest)]
    out = {}
    for claim in possible:
        size = sum(other.family == claim.family for other in possible)
        least = smallest(claim.test, len(manifest.seeds), len(claim.strata(manifest)))
        if size * least > LEVEL:
            out[claim.id] = min(1.0, size * least)
    return out


def _samples(claim: Claim, frames: Frames) -> tuple[list[np.ndarray], str]:
    """One or two arrays (runs, strata); none, and why, where the study has no such runs."""
    manifest = frames.manifest
    lacking = claim.lacking(manifest)
    if lacking:
        return [], lacking
    values = METRICS[claim.metric](frames)
    keys = [claim.strata(manifest)]
    if claim.test != "one_sample":
        by_variant = claim.compare == "variants"
        other = (claim.variants_in if by_variant else claim.tasks_in)(manifest)[1]
        keys.append([(task, other) if by_variant else (other, name) for task, name in keys[0]])
    wide = values.dropna().pivot(index="seed", columns=["task", "variant"], values="value")
    had = [pair for pair in zip(*keys, strict=True) if set(pair) <= set(wide.columns)]
    samples = [wide.sort_index()[list(key)].dropna() for key in zip(*had, strict=True)]
    if not samples or any(sample.empty for sample in samples):
        return [], f"no run has the metric {claim.metric}"
    left_out = max(len(manifest.seeds) - len(sample) for sample in samples)
    note = f"{left_out} of {len(manifest.seeds)} seeds lack the metric" if left_out else ""
    if len(had) < len(keys[0]):
        note = f"only {len(had)} of {len(keys[0])} tasks and variants have the metric"
    return [sample.to_numpy(dtype=float) for sample in samples], note


def _adjusted(claims: list[Claim], found: dict[str, Judged]) -> dict[str, float]:
    out = {}
    for family in dict.fromkeys(claim.family for claim in claims):
        members = [claim.id for claim in claims if claim.family == family and claim.id in found]
        out |= dict(zip(members, holm([found[name].p for name in members]), strict=True))
    return out


def _described(claim: Claim, manifest: Manifest) -> dict[str, Any]:
    keys = claim.strata(manifest)
    variants, tasks = claim.variants_in(manifest), claim.tasks_in(manifest)
    pair = variants if claim.compare == "variants" else tasks
    alone = claim.test == "one_sample"
    first = "" if claim.computed else (", ".join(variants) if alone else pair[0])
    over = tasks if claim.compare == "variants" else variants
    return {
        "claim": claim.id,
        "statement": claim.statement,
        "source": claim.source,
        "family": claim.family,
        "test": claim.test,
        "metric": claim.metric,
        "first": first,
        "second": "" if claim.computed or alone else pair[1],
        "where": "" if claim.computed else ", ".join(over),
        "over": "" if claim.computed else "tasks" if claim.compare == "variants" else "variants",
        "direction": "" if claim.computed or claim.test == "equivalence" else claim.direction,
        "margin": math.nan if claim.computed else claim.margin,
        "smallest_p": math.nan
        if claim.computed
        else smallest(claim.test, len(manifest.seeds), len(keys)),
    }


def _verdict(claim: Claim, found: Judged, adjusted: float, level: float) -> dict[str, Any]:
    verdict = UNDECIDED
    if adjusted <= LEVEL:
        verdict = SUPPORTED if found.holds else REFUTED
    rest = (found.strata, level, found.unevenness)
    row = {
        "verdict": verdict,
        "n": found.n,
        "effect": found.effect,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "p_adjusted": adjusted,
        "smallest_effect": smallest_effect(claim.test, found.deviation, found.n, *rest),
    }
    if verdict == UNDECIDED:
        needed = runs_needed(claim.test, found.deviation, found.distance, *rest)
        # what n runs left undecided is not to be expected of n runs
        row["seeds_needed"] = None if needed is None else max(needed, found.n + 1)
        if needed is None and found.n > 1:
            row["note"] = f"more than {MOST_RUNS} seeds to decide it at the effect seen"
    return row


def _computed(claim: Claim, errata: pd.DataFrame | None) -> dict[str, Any]:
    rows = None if errata is None else errata[errata["erratum"] == claim.erratum]
    if rows is None or rows.empty:
        return {"verdict": NOT_RUN, "note": "theory/errata.csv has not been computed"}
    confirmed, refuted = ((rows["verdict"] == word).sum() for word in ("confirmed", "refuted"))
    verdict = SUPPORTED if confirmed == len(rows) else REFUTED if refuted else UNDECIDED
    note = f"erratum {claim.erratum} in theory/errata.csv: {confirmed} of {len(rows)} confirmed"
    return {"verdict": verdict, "note": note}
