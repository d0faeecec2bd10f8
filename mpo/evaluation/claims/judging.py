"""The claims of the literature held against a study: one row a claim, with its verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mpo.evaluation.claims import shares
from mpo.evaluation.claims.claim import LEVEL, Claim, Judged
from mpo.evaluation.claims.metrics import reached
from mpo.evaluation.claims.samples import samples
from mpo.evaluation.claims.sizes import MOST_RUNS, POWER, Needed, runs_needed, smallest_effect
from mpo.evaluation.claims.verdicts import MANY, STEADY_RUNS, holm, judged
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import Manifest

SUPPORTED, REFUTED, UNDECIDED, NOT_RUN = "supported", "refuted", "undecided", "not_run"
VERDICTS = (SUPPORTED, REFUTED, UNDECIDED, NOT_RUN)
COLUMNS = [
    *("claim", "statement", "source", "family", "test", "metric", "first", "second", "where"),
    *("over", "direction", "margin", "threshold", "verdict", "n", "effect", "low", "high", "p"),
    *("p_adjusted", "smallest_effect", "seeds_needed", "seeds_low", "seeds_high", "missed_half"),
    *("smallest_p", "note"),
]
WHOLE = ["n", "seeds_needed", "seeds_low", "seeds_high"]


def judge(claims: Sequence[Claim], frames: Frames, errata: pd.DataFrame | None) -> pd.DataFrame:
    """A row a claim, with `COLUMNS`. `errata`: the table of errata, where the study has it."""
    found: dict[str, Judged | None] = {}
    rows: dict[str, dict[str, Any]] = {}
    for claim in claims:
        rows[claim.id] = _described(claim, frames.manifest)
        if claim.computed:
            rows[claim.id] |= _computed(claim, errata)
            continue
        had = samples(claim, frames)
        notes = [*had.notes, had.fault]
        if had.strata:
            mine = found[claim.id] = judged(claim, had.strata)
            notes.append(mine.note)
        elif had.fault:
            found[claim.id] = None
        rows[claim.id] |= {"verdict": NOT_RUN, "note": "; ".join(filter(None, notes))}
    for family in dict.fromkeys(claim.family for claim in claims):
        members = [claim for claim in claims if claim.family == family and claim.id in found]
        p = [mine.p if (mine := found[claim.id]) else 1.0 for claim in members]
        for claim, adjusted in zip(members, holm(p), strict=True):
            verdict = _verdict(claim, found[claim.id], adjusted, LEVEL / len(members))
            rows[claim.id] |= verdict
    return pd.DataFrame(rows.values(), columns=COLUMNS).astype(dict.fromkeys(WHOLE, "Int64"))


def powerless(claims: Sequence[Claim], manifest: Manifest) -> dict[str, str]:
    """The claims that this study's n cannot decide, or not support, whatever its runs show: why."""
    out, n = {}, len(manifest.seeds)
    for claim in claims:
        if claim.computed or claim.lacking(manifest):
            continue
        strata = len(claim.strata(manifest))
        if claim.test == "share":
            size = sum(c.family == claim.family and not c.lacking(manifest) for c in claims)
            needed = shares.runs_for_support(claim, LEVEL / size)
            if n * strata < needed:
                out[claim.id] = f"support takes {needed} runs"
        elif n < 2:
            out[claim.id] = "one run has no spread"
        elif claim.test == "spread" and n < STEADY_RUNS and strata < MANY:
            out[claim.id] = f"a spread takes {STEADY_RUNS} runs"
    return out


def _described(claim: Claim, manifest: Manifest) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: getattr(claim, name)
        for name in ("statement", "source", "family", "test", "metric", "threshold")
    }
    row["claim"] = claim.id
    if claim.computed:
        return row
    variants, tasks = claim.variants_in(manifest), claim.tasks_in(manifest)
    by_variant = claim.compare == "variants"
    pair, over = (variants, tasks) if by_variant else (tasks, variants)
    runs = len(manifest.seeds) * len(claim.strata(manifest))
    return row | {
        "first": ", ".join(variants) if claim.alone else pair[0],
        "second": "" if claim.alone else pair[1],
        "where": ", ".join(over),
        "over": "tasks" if by_variant else "variants",
        "direction": "" if claim.test == "equivalence" else claim.direction,
        "margin": claim.margin,
        "smallest_p": shares.smallest(claim, runs) if claim.test == "share" else math.nan,
    }


def _verdict(claim: Claim, found: Judged | None, adjusted: float, level: float) -> dict[str, Any]:
    if found is None:
        return {"verdict": UNDECIDED}
    verdict = UNDECIDED
    if adjusted <= LEVEL:
        verdict = SUPPORTED if found.holds else REFUTED
    low, high = _possible(claim, found)
    row = {
        "verdict": verdict,
        "n": found.n,
        "effect": float(found.found.value),
        "low": low,
        "high": high,
        "p": found.p,
        "p_adjusted": adjusted,
        "missed_half": shares.missed_half(found.n),
    }
    if claim.test != "share":
        row["smallest_effect"] = smallest_effect(found.found, found.n, found.n, level)
    if verdict == UNDECIDED:
        needed = _needed(claim, found, level)
        # what n runs left undecided is not to be expected of n runs
        least = (None if runs is None else max(runs, found.n + 1) for runs in needed)
        row |= dict(zip(("seeds_needed", "seeds_low", "seeds_high"), least, strict=True))
    return row


def _possible(claim: Claim, found: Judged) -> tuple[float, float]:
    """The ends of the effect's interval, none beyond what shares and differences of them can be."""
    if claim.metric != reached.__name__:
        return found.low, found.high
    low, high = np.clip((found.low, found.high), 0 if claim.alone else -1, 1)
    return float(low), float(high)


def _needed(claim: Claim, found: Judged, level: float) -> Needed:
    if claim.test != "share":
        return runs_needed(found.found, found.n, found.distance, level)
    runs = shares.runs_needed(claim, float(found.found.value), level, POWER, MOST_RUNS)
    return Needed(None if runs is None else math.ceil(runs / found.strata), None, None)


def _computed(claim: Claim, errata: pd.DataFrame | None) -> dict[str, Any]:
    if errata is None or errata.empty:
        return {"verdict": NOT_RUN, "note": "theory/errata.csv has not been computed"}
    rows = errata[errata["erratum"] == claim.erratum]
    if rows.empty:
        known = ", ".join(map(str, errata["erratum"].unique()))
        note = f"theory/errata.csv has no erratum {claim.erratum}; it has {known}"
        return {"verdict": NOT_RUN, "note": note}
    confirmed, refuted = ((rows["verdict"] == word).sum() for word in ("confirmed", "refuted"))
    verdict = SUPPORTED if confirmed == len(rows) else REFUTED if refuted else UNDECIDED
    note = f"erratum {claim.erratum} in theory/errata.csv: {confirmed} of {len(rows)} confirmed"
    return {"verdict": verdict, "note": note}
