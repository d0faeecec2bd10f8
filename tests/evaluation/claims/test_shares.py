""" "Every run" and "most runs": what takes how many runs, and what few cannot say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from mpo.evaluation.claims import powerless
from mpo.evaluation.claims.shares import (
    judged,
    missed_half,
    runs_for_support,
    runs_needed,
    smallest,
)
from mpo.evaluation.reading.frames import Frames
from tests.evaluation.claims.planting import claim, planted, verdict

SHARE = {"test": "share", "margin": 0.9, "threshold": 0.3, "variants": ["paper"]}


def test_every_run_takes_the_runs_that_it_takes(frames: Frames):
    """0.9^28 > 0.05 >= 0.9^29."""
    one = {**SHARE, "tasks": ["cartpole-balance"]}
    for seeds, expected in [(28, "undecided"), (29, "supported")]:
        found = verdict(planted(frames, 0.0, seeds=seeds), **one)
        assert found["verdict"] == expected, f"{seeds} of {seeds} runs above"
        assert found["note"] == f"{seeds} of {seeds} runs"
    found = verdict(planted(frames, 0.0, seeds=28), **one)
    assert (found["seeds_needed"], found["effect"]) == (29, 1)
    both = verdict(planted(frames, 0.0, seeds=14), **SHARE)
    assert (both["verdict"], both["seeds_needed"]) == ("undecided", 15), "two tasks, 28 runs"
    few = verdict(planted(frames, 0.0, seeds=3), **{**one, "threshold": 0.5})
    assert few["verdict"] == "refuted", "three failures of three are rarer than 0.05"
    assert few["missed_half"] == pytest.approx(1 - 0.5 ** (1 / 3))
    assert verdict(planted(frames, 0.0, seeds=29), **one, direction="less")["verdict"] == "refuted"


@pytest.mark.parametrize("direction", ["greater", "less"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.85, 0.995])
def test_runs_needed_are_the_first_that_decide_often_enough(direction: str, share: float):
    """Every outcome of n runs judged one by one, and weighed by how often it comes."""
    one = claim(**SHARE, direction=direction)

    def often(n: int) -> float:
        weight = stats.binom.pmf(range(n + 1), n, share)
        values = (np.arange(n) < above for above in range(n + 1))
        found = [judged(one, [each.astype(float)]) for each in values]
        right = (share > 0.9) == (direction == "greater")
        decided = [each.p <= 0.05 and each.holds == right for each in found]
        return float(weight @ decided)

    first = next((n for n in range(1, 61) if often(n) >= 0.8), None)
    assert runs_needed(one, share, 0.05, 0.8, 60) == first


@pytest.mark.parametrize("direction", ["greater", "less"])
def test_the_least_p_and_the_runs_for_support_are_those_of_the_test(direction: str):
    one = claim(**SHARE, direction=direction)
    for n in (1, 3, 10):
        each = [judged(one, [(np.arange(n) < above).astype(float)]).p for above in range(n + 1)]
        assert smallest(one, n) == pytest.approx(min(each))
    on_its_side = float(direction == "greater")
    needed = runs_for_support(one, 0.05)
    for n in (needed - 1, needed):
        found = judged(one, [np.full(n, on_its_side)]) if n else None
        assert (found is not None and found.p <= 0.05) == (n == needed)


def test_the_failure_that_is_missed_half_the_time():
    for n in (1, 3, 20):
        assert (1 - missed_half(n)) ** n == pytest.approx(0.5)


def test_claims_that_n_cannot_decide_are_named(frames: Frames):
    assert powerless([claim(tasks=["cartpole-balance"])], frames.manifest) == {}
    share = claim(**{**SHARE, "tasks": ["cartpole-balance"]})
    assert powerless([share], frames.manifest) == {"a-claim": "support takes 29 runs"}
    assert "5 runs" in powerless([claim(test="spread")], frames.manifest)["a-claim"]
    single = dataclasses.replace(frames.manifest, seeds=[0])
    assert powerless([claim()], single) == {"a-claim": "one run has no spread"}
