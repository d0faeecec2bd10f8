"""Planted effects are found and planted nulls are not, test by test."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from mpo.evaluation.claims import Claim, judge
from mpo.evaluation.claims.verdicts import distances, holm
from mpo.evaluation.reading.frames import Frames
from tests.evaluation.claims.planting import ERRATA, PAIR, claim, planted, verdict


def test_a_planted_effect_is_found_on_either_side(frames: Frames):
    found = verdict(planted(frames, 0.2))
    assert found["verdict"] == "supported"
    assert found["low"] < found["effect"] < found["high"]
    assert found["effect"] == pytest.approx(0.2, abs=0.03)
    assert found["smallest_effect"] < 0.1
    assert verdict(planted(frames, 0.2), direction="less")["verdict"] == "refuted"
    assert verdict(planted(frames, 0.2), direction="different")["verdict"] == "supported"
    assert verdict(planted(frames, 0.2), variants=PAIR[::-1])["verdict"] == "refuted"


def test_a_planted_null_is_undecided_and_says_how_many_seeds_it_would_take(frames: Frames):
    found = verdict(planted(frames, 0.0))
    assert found["verdict"] == "undecided"
    assert found["p_adjusted"] > 0.05
    needed = found["seeds_needed"]
    assert pd.isna(needed) or needed > 6
    if not pd.isna(needed):
        assert found["seeds_low"] <= needed <= found["seeds_high"], "a range holds its middle"


def test_an_effect_within_the_margin_does_not_support(frames: Frames):
    near = planted(frames, 0.2)
    assert verdict(near, margin=0.5)["verdict"] == "refuted"
    assert verdict(near, margin=0.5, direction="different")["verdict"] == "refuted"
    assert verdict(near, margin=0.5, test="equivalence")["verdict"] == "supported"
    assert verdict(near, margin=0.05, test="equivalence")["verdict"] == "refuted"
    assert verdict(near, margin=-0.2)["verdict"] == "supported"


def test_a_mean_is_held_against_its_margin(frames: Frames):
    near = planted(frames, 0.0)
    alone = {"test": "one_sample", "variants": "all"}
    assert verdict(near, **alone, margin=0.3)["verdict"] == "supported"
    assert verdict(near, **alone, margin=0.5)["verdict"] == "refuted"
    assert verdict(near, **alone, margin=0.5, direction="less")["verdict"] == "supported"


def test_tasks_can_be_compared_too_variant_by_variant(frames: Frames):
    near = planted(frames, 0.0)
    low, high = list(frames.manifest.tasks)
    scores = near.scores.assign(score=near.scores["score"] + 0.3 * (near.scores["task"] == high))
    found = judge(
        [claim(compare="tasks", tasks=[low, high], variants="all", direction="less")],
        dataclasses.replace(near, scores=scores),
        None,
    ).iloc[0]
    assert found["verdict"] == "supported"
    assert (found["first"], found["second"]) == (low, high)


def test_a_wider_spread_is_found(frames: Frames):
    near = planted(frames, 0.0, seeds=8)
    centre = near.scores.groupby(["task", "variant"])["score"].transform("median")
    factor = np.where(near.scores["variant"] == "paper", 20, 1)
    wide = dataclasses.replace(
        near, scores=near.scores.assign(score=centre + factor * (near.scores["score"] - centre))
    )
    assert verdict(wide, test="spread", direction="less")["verdict"] == "supported"
    assert verdict(near, test="spread", direction="less")["verdict"] == "undecided"


@pytest.mark.parametrize("effect", [0.0, 0.3])
@pytest.mark.parametrize("test", ["two_sample", "spread"])
def test_runs_that_are_all_equal_decide_nothing(frames: Frames, effect, test):
    found = verdict(planted(frames, effect, spread=0.0), test=test)
    assert (found["verdict"], found["p"]) == ("undecided", 1.0)
    assert "runs that are all equal do not tell their spread" in found["note"]


def test_a_spread_on_few_tasks_is_withheld_where_no_test_holds_its_level(frames: Frames):
    near = planted(frames, 0.0, seeds=4)
    wide = near.scores["variant"] == "paper"
    far = near.scores.assign(score=near.scores["score"] * np.where(wide, 1000, 1))
    found = verdict(dataclasses.replace(near, scores=far), test="spread", direction="less")
    assert found["verdict"] == "undecided"
    assert "a spread on so few tasks takes 5 runs" in found["note"]


def test_distances_have_no_structural_zero():
    assert distances(np.array([5.0, 1.0, 2.0])) == pytest.approx([1.0, 3.0])
    assert distances(np.array([0.0, 1.0, 3.0, 9.0])) == pytest.approx([2.0, 2**0.5, 7.0])


def test_one_seed_decides_nothing_and_has_no_interval(frames: Frames):
    found = verdict(planted(frames, 0.5, seeds=1))
    assert found["verdict"] == "undecided"
    assert found["p"] == 1
    assert np.isnan(found["low"]) and np.isinf(found["smallest_effect"])


def test_what_the_study_lacks_is_not_run(frames: Frames):
    for fields, what in [
        ({"variants": ["huber", "paper"]}, "the study lacks huber"),
        ({"tasks": ["walker-run"]}, "the study lacks walker-run"),
        ({"metric": "gain_after_million"}, "no run has the metric gain_after_million"),
    ]:
        found = verdict(frames, **fields)
        assert (found["verdict"], found["note"]) == ("not_run", what)


def test_errata_decide_the_computed_claims(frames: Frames):
    for erratum, expected in [(1, "supported"), (2, "refuted"), (3, "not_run")]:
        computed = Claim("c", "s", "s", "computed", erratum=erratum)
        assert judge([computed], frames, ERRATA).iloc[0]["verdict"] == expected
    note = "theory/errata.csv has no erratum 3; it has 1, 2"
    assert judge([computed], frames, ERRATA)["note"].item() == note
    for none in (None, ERRATA.head(0)):
        row = judge([computed], frames, none).iloc[0]
        assert (row["verdict"], row["note"]) == (
            "not_run",
            "theory/errata.csv has not been computed",
        )


def test_the_interval_of_a_share_that_reached_ends_where_shares_do(frames: Frames):
    """Two seeds, of which one reached: t alone would go on to 6.9."""
    rows = planted(frames, 0.0, seeds=2)
    first = (rows.scores["seed"] == 0) & (rows.scores["variant"] == "stabilised")
    some = dataclasses.replace(rows, scores=rows.scores.assign(censored=~first))
    one = {"metric": "reached", "tasks": ["cartpole-balance"]}
    found = verdict(some, **one)
    assert found[["effect", "low", "high"]].tolist() == [0.5, -1, 1]
    alone = verdict(some, **one, test="one_sample", variants=["stabilised"])
    assert alone[["effect", "low", "high"]].tolist() == [0.5, 0, 1]
    assert found["p"] == pytest.approx(0.5), "what is tested is as it was"


def test_verdicts_do_not_depend_on_order_or_other_families(frames: Frames):
    near = planted(frames, 0.02)
    mine = [claim("a"), claim("b", direction="less"), claim("c", test="equivalence", margin=0.1)]
    first = judge(mine, near, None)
    shuffled = dataclasses.replace(near, scores=near.scores.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(first, judge(mine, shuffled, None))
    extra = judge([*mine, claim("d", family="two")], near, None)
    pd.testing.assert_frame_equal(first, extra.iloc[:3].reset_index(drop=True))


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
