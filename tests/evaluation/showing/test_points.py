"""Estimates as points: their intervals, and single seeds where those are few."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing import figures


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
