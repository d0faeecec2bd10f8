"""Scores, areas, thresholds and curves against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import RANDOM_RETURN

from mpo.evaluation.reading.load import Study, load
from mpo.evaluation.reading.manifest import Manifest, Task, Variant
from mpo.evaluation.reading.scores import area, curves, diagnostics, scores

KEYS = {"study": "s", "task": "t", "variant": "v", "seed": 0}


def study(returns: dict[int, list[float]], low=100.0, high=500.0, threshold=0.5) -> Study:
    """A study of one run with these returns by step."""
    task = Task("t", "e", 1, 40, low, high, "made up", threshold, None)
    variant = Variant("v", None, "", "", {})
    manifest = Manifest("s", 0, {"t": task}, {"v": variant}, [0], 4, 2, 2, [])
    rows = [
        {**KEYS, "step": step, "episode": episode, "return": value}
        for step, values in returns.items()
        for episode, value in enumerate(values)
    ]
    runs = pd.DataFrame([{**KEYS, "status": "completed"}])
    episodes = pd.DataFrame(rows)
    episodes = episodes.assign(value_estimate=5.0, discounted_return=episodes["return"] / 100)
    return Study(manifest, runs, episodes, pd.DataFrame(), pd.DataFrame())


RETURNS = {10: [100.0, 200.0], 20: [200.0, 300.0], 30: [300.0, 400.0], 40: [250.0, 350.0]}
"""Means 150, 250, 350, 300; scores 0.125, 0.375, 0.625, 0.5."""


def test_scores_by_hand():
    row = scores(study(RETURNS)).iloc[0]
    assert row["return_mean"] == 300
    assert row["score"] == 0.5
    assert row["area"] == pytest.approx(
        (10 * (0.125 + 0.375) / 2 + 10 * (0.375 + 0.625) / 2 + 10 * (0.625 + 0.5) / 2) / 30
    )
    assert row["steps_to_threshold"] == 30
    assert not row["censored"]
    assert list(scores(study(RETURNS)).columns) == [
        *KEYS,
        "status",
        "return_mean",
        "score",
        "area",
        "steps_to_threshold",
        "censored",
    ]


def test_curves_by_hand():
    found = curves(study(RETURNS))
    assert found["step"].tolist() == [10, 20, 30, 40]
    assert found["return_mean"].tolist() == [150, 250, 350, 300]
    assert found["score"].tolist() == [0.125, 0.375, 0.625, 0.5]
    assert found["value_bias"].tolist() == [3.5, 2.5, 1.5, 2.0]


def test_a_threshold_is_reached_at_equality_and_may_be_lost_again():
    assert scores(study(RETURNS, threshold=0.625)).iloc[0]["steps_to_threshold"] == 30


def test_a_threshold_never_reached_is_censored_at_the_budget():
    row = scores(study(RETURNS, threshold=0.7)).iloc[0]
    assert row["censored"]
    assert row["steps_to_threshold"] == 40


def test_the_area_respects_uneven_steps_and_one_point():
    assert area(np.array([0, 10, 40]), np.array([0.0, 1.0, 1.0])) == (5 + 30) / 40
    assert area(np.array([7]), np.array([0.3])) == 0.3


@given(
    st.lists(st.floats(-2, 2), min_size=2, max_size=12),
    st.floats(0.1, 5),
    st.floats(-3, 3),
)
def test_the_area_goes_along_with_scale_and_shift(values, scale, shift):
    step, score = np.arange(len(values)), np.array(values)
    assert area(step, scale * score + shift) == pytest.approx(scale * area(step, score) + shift)


def test_rows_in_any_order_give_the_same_frames(made):
    sound = load(made())
    shuffled = Study(
        sound.manifest,
        sound.runs.sample(frac=1, random_state=1),
        sound.evaluations.sample(frac=1, random_state=2),
        sound.training.sample(frac=1, random_state=3),
        sound.timing.sample(frac=1, random_state=4),
    )
    for function in (curves, scores, diagnostics):
        pd.testing.assert_frame_equal(function(sound), function(shuffled))


def test_a_diverged_run_ends_with_the_uniform_policys_return(made):
    found = scores(load(made(diverged={("cartpole-balance", "paper", 1): 1})))
    row = found[(found["variant"] == "paper") & (found["seed"] == 1)].iloc[0]
    assert row["status"] == "diverged"
    assert row["return_mean"] == RANDOM_RETURN
    assert row["score"] == RANDOM_RETURN / 1000
    assert row["censored"]


def test_diagnostics_are_all_rows_that_the_runs_logged(made):
    sound = load(made())
    found = diagnostics(sound)
    assert len(found) == len(sound.training)
    assert list(found.columns[:6]) == [*KEYS, "step", "updates"]
