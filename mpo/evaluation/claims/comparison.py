"""Variants of a study against each other, and how many seeds a difference would need.

A question is a claim made up on the spot, that two variants differ by more than a margin, and is
judged as claims are: over all tasks, and on each of them as a family.
"""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mpo.evaluation.claims.claim import LEVEL, Claim
from mpo.evaluation.claims.judging import judge
from mpo.evaluation.claims.metrics import METRICS
from mpo.evaluation.claims.samples import samples
from mpo.evaluation.claims.sizes import UNKNOWN, runs_needed
from mpo.evaluation.claims.verdicts import measured
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL, Manifest

EFFECTS = (0.02, 0.05, 0.1, 0.2, 0.3)
"""Differences of normalised scores."""


def compare(
    frames: Frames,
    first: str,
    second: str,
    metric: str = "score",
    tasks: Sequence[str] = (),
    margin: float = 0.0,
) -> pd.DataFrame:
    """Rows as of `judge`, with `task`: over all of `tasks` (of the study), then on each of them.

    The first row is called `ALL` where these are all of the study's, else by the tasks' names.
    `verdict` is whether they differ by more than `margin`; refuted is that they do not. Raises
    ValueError for a variant, metric or task that the study has not.
    """
    _check(frames, (first, second), metric, tasks)
    chosen = list(dict.fromkeys(tasks or frames.manifest.tasks))
    over = ALL if {*chosen} == {*frames.manifest.tasks} else ", ".join(chosen)
    pair, singly = [first, second], chosen if len(chosen) > 1 else []
    claims = [
        _claim(over, pair, metric, chosen, margin, "over"),
        *(_claim(task, pair, metric, [task], margin, "each") for task in singly),
    ]
    return judge(claims, frames, None).rename(columns={"claim": "task"})


def compare_all(
    frames: Frames, metric: str = "score", tasks: Sequence[str] = (), margin: float = 0.0
) -> pd.DataFrame:
    """Rows as of `judge`, one a pair of variants, over all of `tasks`; all pairs are one family.

    Raises ValueError as `compare` does, and for a study of one variant.
    """
    _check(frames, (), metric, tasks)
    chosen = list(dict.fromkeys(tasks or frames.manifest.tasks))
    claims = [
        _claim(f"{first} - {second}", [first, second], metric, chosen, margin, "pairs")
        for first, second in _pairs(frames.manifest)
    ]
    return judge(claims, frames, None)


def compare_each(
    frames: Frames,
    first: str,
    pattern: str,
    metric: str = "score",
    tasks: Sequence[str] = (),
    margin: float = 0.0,
) -> pd.DataFrame:
    """Rows as of `judge`: each variant whose name is as `pattern` has it against `first`.

    In the pattern `*` stands for anything, as in `stabilised@epsilon=*`. All of them are one
    family, over all of `tasks`. Raises ValueError as `compare` does, and where none is so called.
    """
    _check(frames, (first,), metric, tasks)
    chosen = list(dict.fromkeys(tasks or frames.manifest.tasks))
    others = [name for name in fnmatch.filter(frames.manifest.variants, pattern) if name != first]
    if not others:
        known = ", ".join(frames.manifest.variants)
        study = frames.manifest.study
        raise ValueError(f"variant: {pattern!r} is no variant of study {study}; it has {known}")
    claims = [
        _claim(f"{other} - {first}", [other, first], metric, chosen, margin, "pairs")
        for other in others
    ]
    return judge(claims, frames, None)


def power(frames: Frames, effects: Sequence[float], pair: Sequence[str] = ()) -> pd.DataFrame:
    """Seeds that show each of `effects`, a difference of mean scores, by the spread of the runs.

    Of a `pair` a row an effect, over all tasks and on each; else a row a variant with its base (or
    any other, where none has one), over all tasks. A dash stands where runs tell of no spread, or
    where no task has runs of both. Raises ValueError with one seed, with one variant, and where no
    task has runs of both variants of any pair asked about.
    """
    manifest = frames.manifest
    if len(manifest.seeds) < 2:
        raise ValueError(f"study {manifest.study} has one seed; its runs have no spread")
    if pair:
        _check(frames, pair, "score", ())
    based = [(name, base) for name in manifest.variants if (base := manifest.base_of(name))]
    pairs = [tuple(pair)] if pair else based or _pairs(manifest)
    tasks, named = list(manifest.tasks), [f"{effect:g}" for effect in effects]
    found = [_needed(frames, each, tasks, effects) for each in pairs]
    if not any(found):
        first, second = pairs[0]
        raise ValueError(f"variant: no task has runs of both {first} and {second}")
    none = [UNKNOWN] * len(effects)
    if pair:
        alone = {task: _needed(frames, pair, [task], effects) or none for task in tasks}
        return pd.DataFrame({"difference of scores": named, "all tasks": found[0], **alone})
    return pd.DataFrame(
        {"pair": " - ".join(each), **dict(zip(named, cells or none, strict=True))}
        for each, cells in zip(pairs, found, strict=True)
    )


def _needed(
    frames: Frames, pair: Sequence[str], tasks: list[str], effects: Sequence[float]
) -> list[str]:
    """Seeds that show each effect; empty where no task has runs of both."""
    claim = _claim("power", list(pair), "score", tasks, 0.0, "")
    strata = samples(claim, frames).strata
    if not strata:
        return []
    n = min(len(sample) for stratum in strata for sample in stratum)
    found = measured(claim, strata)
    spread = not np.isnan(found.error)
    return [runs_needed(found, n, effect, LEVEL).told(spread) for effect in effects]


def _pairs(manifest: Manifest) -> list[tuple[str, str]]:
    """All pairs of the study's variants, the later one first. Raises ValueError with one."""
    found = [(second, first) for first, second in itertools.combinations(manifest.variants, 2)]
    if not found:
        raise ValueError(f"study {manifest.study} has one variant; two are compared")
    return found


def _claim(
    name: str, variants: list[str], metric: str, tasks: list[str], margin: float, family: str
) -> Claim:
    return Claim(name, "", "", "two_sample", metric, variants, tasks, margin=margin, family=family)


def _check(frames: Frames, variants: Sequence[str], metric: str, tasks: Sequence[str]) -> None:
    manifest = frames.manifest
    for kind, names, known in (
        ("variant", variants, manifest.variants),
        ("task", tasks, manifest.tasks),
    ):
        for name in names:
            if name not in known:
                raise ValueError(
                    f"{kind}: {name!r} is not in study {manifest.study}; it has {', '.join(known)}"
                )
    if len({*variants}) < len(variants):
        raise ValueError(f"variant: {variants[0]!r} is given twice; two are compared")
    if metric not in METRICS:
        raise ValueError(f"metric: {metric!r} is not allowed; metrics are {', '.join(METRICS)}")
