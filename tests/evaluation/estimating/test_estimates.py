"""The estimates of a study: what is in them, by hand, and what they must not depend on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from rliable import metrics
from scipy import stats

from mpo.evaluation.estimating.estimates import (
    aggregate,
    by_task,
    curve_estimates,
    improvements,
    matrix,
    profiles,
    shared_tasks,
)
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.load import load
from mpo.evaluation.reading.scores import curves, scores
from tests.evaluation.synthetic import write_study

COLUMNS = ["metric", "task", "variant", "n", "value", "low", "high"]


def one(frame: pd.DataFrame, **where) -> pd.Series:
    for column, value in where.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def test_every_frame_has_the_columns_and_counts_runs(frames: Frames):
    for frame in (frames.aggregate, frames.by_task, frames.curve_estimates, frames.improvement):
        assert list(frame.columns[:7]) == COLUMNS
        assert set(frame["n"]) == {3}


def mean_of(values: pd.Series) -> float:
    return float(np.mean(values.to_numpy()))


def test_a_win_of_every_run_has_an_exact_interval(made):
    study = load(made(seeds=[0, 1, 2, 3]))
    rows = scores(study)
    rows["score"] += rows["variant"] == "stable_dual"
    row = one(improvements(study.manifest, rows), task="cartpole-balance")
    assert (row["value"], row["high"]) == (1, 1)
    assert row["low"] == pytest.approx(0.025 ** (1 / 4))


def test_the_aggregate_is_rliables(frames: Frames):
    sample = matrix(frames.manifest, frames.scores, "score", "stable_dual")
    assert sample.shape == (3, 2)
    row = one(frames.aggregate, metric="score_iqm", variant="stable_dual")
    assert row["value"] == pytest.approx(metrics.aggregate_iqm(sample), rel=1e-5)
    assert row["low"] < row["value"] < row["high"]
    row = one(frames.aggregate, metric="score_optimality_gap", variant="stable_dual")
    assert row["value"] == pytest.approx(metrics.aggregate_optimality_gap(sample), rel=1e-5)


def test_a_profile_is_the_share_of_runs_above_each_level_by_hand(frames: Frames):
    """Two tasks with 0, 0.2 and 0.5, 1, 1.5, 2: a run at a level is not above it."""
    tasks = list(frames.manifest.tasks)
    planted = {tasks[0]: [0.0, 0.2, 0.5], tasks[1]: [1.0, 1.5, 2.0]}
    rows = frames.scores.copy()
    for task, values in planted.items():
        for seed, value in enumerate(values):
            rows.loc[(rows["task"] == task) & (rows["seed"] == seed), "score"] = value
    found = profiles(frames.manifest, rows)
    mine = found[found["variant"] == "paper"].set_index("tau")["value"]
    assert (mine.index.min(), mine.index.max()) == (0.0, 2.0)
    everything = np.concatenate([*planted.values()])
    for level, share in mine.items():
        assert share == pytest.approx(sum(value > level for value in everything) / 6), level
    assert (mine.iloc[0], mine.iloc[-1]) == (pytest.approx(5 / 6), 0.0)


def test_by_task_holds_the_spread_across_runs(frames: Frames):
    where = {"task": "cartpole-balance", "variant": "paper"}
    rows = frames.scores[(frames.scores["task"] == where["task"])]
    returns = rows.loc[rows["variant"] == "paper", "return_mean"].to_numpy()
    found = frames.by_task
    expected = {
        "return_mean": returns.mean(),
        "return_deviation": returns.std(ddof=1),
        "return_least": returns.min(),
        "return_greatest": returns.max(),
    }
    for metric, value in expected.items():
        assert one(found, metric=metric, **where)["value"] == pytest.approx(value, rel=1e-5)
    assert np.isnan(one(found, metric="return_deviation", **where)["low"])
    mean = one(found, metric="return_mean", **where)
    reach = stats.t.ppf(0.975, 2) * returns.std(ddof=1) / 3**0.5
    near, far = sorted([returns.mean() - mean["low"], mean["high"] - returns.mean()])
    assert near == pytest.approx(reach, rel=1e-4), "of skewed runs the other end is further away"
    assert reach < far < 2 * reach
    for metric in ("final", "worst"):
        mine = rows.loc[rows["variant"] == "paper", metric]
        found_mean = one(found, metric=f"{metric}_mean", **where)["value"]
        assert found_mean == pytest.approx(mean_of(mine), rel=1e-5)


def test_intervals_end_where_what_they_are_of_does(frames: Frames):
    """A gap is at least 0, and steps are none before the first nor after the budget."""
    rows, seeds = frames.scores, frames.scores["seed"]
    budgets = rows["task"].map({name: task.steps for name, task in frames.manifest.tasks.items()})
    apart = rows.assign(
        score=rows["score"].where(seeds > 0, 1.0),
        steps_to_threshold=budgets.where(seeds > 0, budgets // 5),
    )
    steps = by_task(frames.manifest, apart)
    steps = steps[steps["metric"] == "steps_to_threshold"]
    budget = steps["task"].map({name: task.steps for name, task in frames.manifest.tasks.items()})
    assert (steps["low"] == 0).all() and (steps["high"] == budget).all()
    assert (steps["value"] < steps["high"]).all()
    wide = apart.assign(score=apart["score"].where(seeds > 0, -9.0))
    found = aggregate(frames.manifest, wide)
    gap = found[found["metric"] == "score_optimality_gap"]
    assert (gap["low"] == 0).all() and (gap["high"] > gap["value"]).all()
    assert (found.loc[found["metric"] == "score_mean", "low"] < -9).all(), "a mean has no end"


def test_curves_end_at_the_final_estimate_in_returns_and_scores(frames: Frames):
    last = frames.curve_estimates[frames.curve_estimates["fraction"] == 1]
    for task in frames.manifest.tasks:
        mine = (frames.scores["task"] == task) & (frames.scores["variant"] == "paper")
        final = 1000 * metrics.aggregate_iqm(frames.scores.loc[mine, ["final"]].to_numpy())
        curve = one(last, metric="return_iqm", task=task, variant="paper")
        assert curve["value"] == pytest.approx(final, rel=1e-5)
        assert curve["step"] == frames.manifest.tasks[task].steps
        score = one(last, metric="score_iqm", task=task, variant="paper")
        assert curve["low"] == pytest.approx(1000 * score["low"], rel=1e-4)


def test_the_curve_over_all_tasks_counts_in_fractions_of_the_budget(frames: Frames):
    rows = frames.curve_estimates
    rows = rows[(rows["task"] == "all") & (rows["variant"] == "paper")]
    assert rows["fraction"].tolist() == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert rows["step"].isna().all()
    assert set(rows["metric"]) == {"score_iqm"}


def test_improvement_is_over_the_base_where_the_study_has_it(frames: Frames):
    found = frames.improvement
    assert set(zip(found["variant"], found["base"], strict=True)) == {
        ("stable_dual", "paper"),
        ("stabilised", "stable_dual"),
    }
    pair = [
        matrix(frames.manifest, frames.scores, "score", name) for name in ("stable_dual", "paper")
    ]
    row = one(found, task="all", variant="stable_dual")
    assert row["value"] == pytest.approx(metrics.probability_of_improvement(*pair), rel=1e-5)


def test_a_study_of_roots_has_no_improvement_and_keeps_the_columns(made):
    study = load(made(variants=["paper"]))
    found = improvements(study.manifest, scores(study))
    assert found.empty
    assert list(found.columns) == [*COLUMNS, "base"]


def test_rows_in_any_order_give_the_same_bytes(made):
    study = load(made())
    manifest, found, points = study.manifest, scores(study), curves(study)
    for function, rows in [
        (aggregate, found),
        (by_task, found),
        (improvements, found),
        (curve_estimates, points),
    ]:
        shuffled = rows.sample(frac=1, random_state=7)
        assert function(manifest, rows).to_csv() == function(manifest, shuffled).to_csv()


def test_a_task_more_changes_no_other_tasks_estimates(tmp_path, made):
    few = load(made(variants=["paper"], tasks=["cartpole-balance"]))
    few_rows = by_task(few.manifest, scores(few))
    more = load(
        write_study(
            tmp_path / "more",
            ["cartpole-balance", "hopper-stand"],
            ["paper"],
            [0, 1],
            3,
        )
    )
    more_rows = by_task(more.manifest, scores(more))
    more_rows = more_rows[more_rows["task"] == "cartpole-balance"]
    pd.testing.assert_frame_equal(few_rows, more_rows.reset_index(drop=True))


def under_way(rows: pd.DataFrame) -> pd.DataFrame:
    """Of three seeds, two variants and three tasks, what might be there first."""
    lacking = {
        ("acrobot-swingup", "paper", 0),
        ("acrobot-swingup", "paper", 2),
        ("cartpole-balance", "stable_dual", 1),
        *(("hopper-stand", "stable_dual", seed) for seed in (0, 1, 2)),
    }
    keys = zip(rows["task"], rows["variant"], rows["seed"], strict=True)
    return rows[[key not in lacking for key in keys]]


def test_a_study_under_way_counts_every_run_by_task_and_equal_numbers_over_tasks(made):
    """Each number is that of the finished study that has just the runs that count."""
    tasks = ["cartpole-balance", "acrobot-swingup", "hopper-stand"]
    study = load(made(tasks=tasks, seeds=[0, 1, 2]))
    manifest, all_scores, all_points = study.manifest, scores(study), curves(study)
    rows, points = under_way(all_scores), under_way(all_points)
    shared = tasks[:2]
    assert shared_tasks(manifest, rows) == shared

    found = by_task(manifest, rows)
    assert not len(found[(found["task"] == "hopper-stand") & (found["variant"] == "stable_dual")])
    for (task, variant), mine in rows.groupby(["task", "variant"]):
        runs = [r for r in manifest.runs if (r.task, r.variant) == (task, variant)]
        own = manifest.only([run for run in runs if run.seed in set(mine["seed"])])
        expected = by_task(own, mine)
        there = found[(found["task"] == task) & (found["variant"] == variant)]
        pd.testing.assert_frame_equal(there.reset_index(drop=True), expected)
        assert set(there["n"]) == {len(mine)}

    counted = {
        "paper": {"cartpole-balance": [0], "acrobot-swingup": [1]},
        "stable_dual": {"cartpole-balance": [0, 2], "acrobot-swingup": [0, 1]},
    }
    for variant, seeds in counted.items():
        sample = np.array(
            [
                [
                    one(all_scores, task=task, variant=variant, seed=seed)["score"]
                    for task, seed in zip(shared, row, strict=True)
                ]
                for row in zip(*seeds.values(), strict=True)
            ]
        )
        np.testing.assert_array_equal(matrix(manifest, rows, "score", variant, *shared), sample)
        row = one(aggregate(manifest, rows), metric="score_iqm", variant=variant)
        assert row["n"] == len(sample)
        assert row["value"] == pytest.approx(metrics.aggregate_iqm(sample))
    over = curve_estimates(manifest, points)
    last = over[(over["task"] == "all") & (over["fraction"] == 1)]
    iqm = aggregate(manifest, rows.assign(score=rows["final"]))
    iqm = iqm[iqm["metric"] == "score_iqm"]
    np.testing.assert_allclose(last["value"], iqm["value"])
    assert set(over.loc[over["task"] == "hopper-stand", "variant"]) == {"paper"}
    assert set(improvements(manifest, rows)["task"]) == {"all", *shared}
    assert profiles(manifest, rows)["n"].drop_duplicates().tolist() == [1, 2]


def test_where_no_task_has_runs_of_every_variant_nothing_is_said_over_all(made):
    study = load(made(tasks=["cartpole-balance", "hopper-stand"]))
    manifest = study.manifest

    def apart(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[(rows["task"] == "hopper-stand") == (rows["variant"] == "paper")]

    rows, points = apart(scores(study)), apart(curves(study))
    assert shared_tasks(manifest, rows) == []
    for function in (aggregate, improvements, profiles):
        assert function(manifest, rows).empty
        assert list(function(manifest, rows).columns[:7]) == COLUMNS
    assert set(curve_estimates(manifest, points)["task"]) == set(manifest.tasks)


def test_a_run_that_stands_twice_is_refused(made):
    study = load(made())
    found = scores(study)
    with pytest.raises(ValueError, match="paper: a run stands twice"):
        aggregate(study.manifest, pd.concat([found, found.head(1)]))


def test_one_seed_gives_no_interval(made):
    study = load(made(seeds=[3]))
    found = pd.concat(
        [
            aggregate(study.manifest, scores(study)),
            by_task(study.manifest, scores(study)),
            improvements(study.manifest, scores(study)),
            curve_estimates(study.manifest, curves(study)),
        ]
    )
    assert set(found["n"]) == {1}
    assert found["low"].isna().all() and found["high"].isna().all()
    assert found.loc[found["metric"] != "return_deviation", "value"].notna().all()
