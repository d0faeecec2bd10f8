"""Scores, areas, thresholds and curves against numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpo.evaluation.reading.load import Study, load
from mpo.evaluation.reading.manifest import Manifest, Task, Variant
from mpo.evaluation.reading.scores import area, curves, diagnostics, scores
from tests.evaluation.synthetic import RANDOM_RETURN

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


LONG = dict(enumerate([[100.0], [500.0], [300.0], [400.0], [200.0], [300.0], [350.0]]))
"""Of the last five, 300, 400, 200, 300 and 350, the mean is 310, the score 0.525."""


def test_a_score_is_the_mean_over_the_last_five_points():
    row = scores(study(LONG)).iloc[0]
    assert row["return_mean"] == pytest.approx(310)
    assert row["score"] == pytest.approx(0.525)
    assert (row["final"], row["worst"]) == (0.625, 0.25)


def test_scores_by_hand():
    row = scores(study(RETURNS)).iloc[0]
    assert row["return_mean"] == pytest.approx(262.5), "of the four points that there are"
    assert row["score"] == pytest.approx(0.40625)
    assert (row["final"], row["worst"]) == (0.5, 0.125)
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
        "final",
        "worst",
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


LOST = ("cartpole-balance", "paper", 1)


def of_lost(found: pd.DataFrame) -> pd.Series:
    return found[(found["variant"] == "paper") & (found["seed"] == 1)].iloc[0]


@pytest.mark.parametrize("reached", [0, 1, 2])
def test_a_run_that_diverged_scores_no_better_than_the_uniform_policy(made, reached):
    found = scores(load(made(diverged={LOST: reached})))
    row = of_lost(found)
    assert row["status"] == "diverged"
    assert row["return_mean"] == pytest.approx(RANDOM_RETURN)
    for name in ("score", "final", "worst"):
        assert row[name] == pytest.approx(RANDOM_RETURN / 1000)
    assert row["area"] <= found.loc[found["status"] == "completed", "area"].min()
    assert row["censored"]
    assert (found.dtypes["steps_to_threshold"], found.dtypes["censored"]) == (np.int64, bool)


def lowered(folder: Path, run: str, returns: float) -> None:
    """Sets all returns of a run."""
    file = folder / "runs" / run / "evaluations.csv"
    pd.read_csv(file).assign(**{"return": returns}).to_csv(file, index=False)


def test_a_run_that_diverged_scores_no_better_than_the_worst_finished_run(made):
    folder = made(diverged={LOST: 1})
    lowered(folder, "cartpole-balance/stable_dual/0", 12.0)
    study = load(folder)
    assert of_lost(scores(study))["return_mean"] == pytest.approx(12.0)
    points = curves(study)
    mine = points[(points["variant"] == "paper") & (points["seed"] == 1)]
    assert mine["return_mean"].iloc[0] > 12, "what it reached stands in its curve"
    assert mine["return_mean"].iloc[1:].tolist() == pytest.approx([12.0, 12.0])


@pytest.mark.parametrize("reached", [1, 3])
def test_a_run_that_diverged_scores_no_better_than_its_last_evaluation(made, reached):
    folder = made(diverged={LOST: reached})
    lowered(folder, "cartpole-balance/paper/1", 5.0)
    file = folder / "runs/cartpole-balance/paper/1/run.json"
    file.write_text(file.read_text().replace("completed", "diverged"))
    assert of_lost(scores(load(folder)))["return_mean"] == pytest.approx(5.0)


def test_where_every_run_diverged_none_beats_the_uniform_policy(made):
    every = {("cartpole-balance", name, s): 1 for name in ("paper", "stable_dual") for s in (0, 1)}
    found = scores(load(made(diverged=every)))
    assert found["return_mean"].tolist() == pytest.approx([RANDOM_RETURN] * 4)


def test_diagnostics_are_all_rows_that_the_runs_logged(made):
    sound = load(made())
    found = diagnostics(sound)
    assert len(found) == len(sound.training)
    assert list(found.columns[:6]) == [*KEYS, "step", "updates"]
