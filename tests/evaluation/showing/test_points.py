"""Estimates as points: their intervals, and single seeds where those are few."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from mpo.evaluation.estimating import estimates
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing import figures, tables


def several(frames: Frames, seeds: int = 5) -> Frames:
    """`frames` as if each number came from so many seeds."""
    return dataclasses.replace(
        frames,
        aggregate=frames.aggregate.assign(n=seeds),
        improvement=frames.improvement.assign(n=seeds),
    )


def test_aggregate_intervals_draw_points_and_bars(frames: Frames):
    drawing = figures.draw("aggregate_intervals", several(frames))
    titles = [panel.get_title() for panel in drawing.axes]
    assert titles == ["interquartile mean", "median", "mean", "optimality gap"]
    rows = frames.aggregate[frames.aggregate["metric"] == "score_iqm"]
    panel = drawing.axes[0]
    bars, ends, points = (panel.lines[start::3] for start in range(3))
    for parts in (bars, ends):
        drawn = np.array([part.get_xdata() for part in parts])
        np.testing.assert_array_equal(drawn, rows[["low", "high"]])
    assert {str(end.get_marker()) for end in ends} == {"|"}, "seen where the bar has no width"
    drawn = np.array([point.get_xdata() for point in points])
    np.testing.assert_array_equal(drawn, rows[["value"]])
    assert [label.get_text() for label in panel.get_yticklabels()] == list(frames.manifest.variants)


def test_few_seeds_are_drawn_as_dots_instead_of_bars(frames: Frames):
    rows = figures.module("aggregate_intervals").drawn(frames)
    assert rows["low"].isna().all() and rows["high"].isna().all()
    mine = rows[(rows["metric"] == "score_mean") & (rows["variant"] == "paper")]
    scores = frames.scores[frames.scores["variant"] == "paper"]
    by_seed = scores.groupby("seed")["score"].mean()
    assert mine.loc[mine["seed"].notna(), "value"].tolist() == pytest.approx(by_seed.tolist())
    assert mine["seed"].dropna().tolist() == by_seed.index.tolist()
    tuning = {"scores": frames.scores.assign(seed=frames.scores["seed"] + 1000)}
    others = figures.module("aggregate_intervals").drawn(dataclasses.replace(frames, **tuning))
    assert sorted(set(others["seed"].dropna())) == [1000, 1001, 1002]
    assert mine.loc[mine["seed"].isna(), "value"].item() == pytest.approx(by_seed.mean(), rel=1e-5)
    rows = figures.module("probability_of_improvement").drawn(frames)
    alone = rows[(rows["variant"] == "stabilised") & (rows["task"] == "all")]
    middle = alone.loc[alone["seed"].isna(), "value"].item()
    assert alone.loc[alone["seed"].notna(), "value"].mean() == pytest.approx(middle, rel=1e-5)
    assert figures.module("aggregate_intervals").drawn(several(frames))["seed"].isna().all()


def test_one_seed_is_drawn_without_bars(frames: Frames):
    rows = frames.aggregate.assign(low=math.nan, high=math.nan, n=1)
    drawing = figures.draw("aggregate_intervals", dataclasses.replace(frames, aggregate=rows))
    assert np.isnan(np.asarray(drawing.axes[0].lines[0].get_xdata())).all()


def of_runs(frames: Frames, runs: dict[tuple[str, str], int]) -> Frames:
    """`frames` with so many runs of each task and variant, and what is estimated of those."""
    parts = []
    for (task, variant), count in runs.items():
        mine = frames.scores[
            (frames.scores["task"] == task) & (frames.scores["variant"] == variant)
        ]
        parts += [mine.tail(1).assign(seed=seed, status="completed") for seed in range(count)]
    scores = pd.concat(parts, ignore_index=True)
    return dataclasses.replace(
        frames,
        scores=scores,
        aggregate=estimates.aggregate(frames.manifest, scores),
        by_task=estimates.by_task(frames.manifest, scores),
        improvement=estimates.improvements(frames.manifest, scores),
    )


def runs_each(frames: Frames, count: int) -> dict[tuple[str, str], int]:
    manifest = frames.manifest
    return {(task, name): count for task in manifest.tasks for name in manifest.variants}


def test_what_a_study_under_way_lacks_is_no_fault_of_its_intervals(frames: Frames):
    """Ten seeds, whose intervals hold the truth in 0.93 and more, and none of one of the pairs."""
    runs = runs_each(frames, 10)
    del runs["acrobot-swingup", "paper"]
    whole = of_runs(frames, runs)
    few = of_runs(frames, runs | {("acrobot-swingup", "stabilised"): 3})
    texts = [figures.caption(name, whole) for name in ("aggregate_intervals", "learning_curves")]
    texts += [tables.caption(name, whole) for name in ("aggregate", "by_task", "published")]
    # over the shared task alone, of which all have ten
    texts += [figures.caption("aggregate_intervals", few), tables.caption("aggregate", few)]
    for text in texts:
        assert "held the truth" not in text and "one run gives none" not in text
    assert "such intervals held the truth in 0.70 to 0.74" in tables.caption("by_task", few)
    alone = of_runs(frames, runs | {("acrobot-swingup", "stabilised"): 1})
    text = tables.caption("by_task", alone)
    assert "one run gives none" in text and "held the truth" not in text


def test_where_some_have_few_runs_bars_and_dots_are_drawn_and_both_are_said(frames: Frames):
    runs = runs_each(frames, 10) | {(task, "paper"): 3 for task in frames.manifest.tasks}
    mixed = of_runs(frames, runs)
    rows = figures.module("aggregate_intervals").drawn(mixed)
    assert set(rows.loc[rows["seed"].notna(), "variant"]) == {"paper"}
    assert set(rows.loc[rows["low"].notna(), "variant"]) == {"stable_dual", "stabilised"}
    said = "Bars are intervals; small points, in their place, are single seeds: an interval of"
    text = figures.caption("aggregate_intervals", mixed)
    assert said in text and "95 % t intervals of mean" in text
    assert "held the truth" not in text, "bars are of ten runs"
    assert said not in figures.caption("probability_of_improvement", several(frames))
    assert "such intervals held the truth in 0.54" in tables.caption("aggregate", mixed)
    whole = figures.caption("aggregate_intervals", of_runs(frames, runs_each(frames, 10)))
    assert "Bars are intervals. n = 10 runs" in whole
