"""What runs by SR's protocol show: its three quantities by iteration, and its printed numbers."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from scipy import stats

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing import figures, tables
from mpo.evaluation.showing.failures import Absent
from mpo.evaluation.showing.tables.printed import PRINTED
from tests.evaluation.showing.drawn import thick_lines

COLLECTED = {"protocol": "iterations", "iteration_episodes": 4, "episode_steps": 500}
QUANTITIES = ["return", "loss_critic", "temperature"]


def collected(frames: Frames, **more: int) -> Frames:
    """`frames` as if all runs had been collected so, some settings apart."""
    runs = frames.runs.assign(settings=json.dumps(COLLECTED | more))
    return dataclasses.replace(frames, runs=runs)


@pytest.fixture(scope="module")
def iterated(frames: Frames) -> Frames:
    return collected(frames)


@pytest.fixture(scope="module")
def as_printed(frames: Frames) -> Frames:
    """Episodes of 300 steps, as SR's are."""
    return collected(frames, episode_steps=300)


def test_every_quantity_is_drawn_by_iteration(iterated: Frames):
    drawing = figures.draw("iterations", iterated)
    tasks = list(iterated.manifest.tasks)
    panels = np.array(drawing.axes, object).reshape(len(tasks), len(QUANTITIES))
    logged = iterated.curves.merge(iterated.diagnostics, how="outer")
    logged = logged.rename(columns={"return_mean": "return"})
    for task, line in zip(tasks, panels, strict=True):
        for quantity, panel in zip(QUANTITIES, line, strict=True):
            assert panel.get_title() == task
            assert panel.get_xlabel() == "iterations"
            assert panel.get_yscale() == ("linear" if quantity == "return" else "log")
            for shown, variant in zip(thick_lines(panel), iterated.manifest.variants, strict=True):
                mine = logged[(logged["task"] == task) & (logged["variant"] == variant)]
                middle = mine.dropna(subset=quantity).groupby("step")[quantity].median()
                np.testing.assert_allclose(shown.get_xdata(), middle.index / 2000)
                np.testing.assert_allclose(shown.get_ydata(), middle)
    assert panels[0][0].get_ylabel() == "return of 500 steps"
    assert "By iteration of 2,000 control steps" in figures.caption("iterations", iterated)


def test_the_mean_return_at_the_end_stands_beside_what_was_printed(as_printed: Frames):
    rows = tables.module("printed").table(as_printed)
    tasks = [name for name in as_printed.manifest.tasks if name in PRINTED]
    assert list(rows["task"].unique()) == tasks
    for row in rows.to_dict("records"):
        curve = as_printed.curves
        mine = curve[(curve["task"] == row["task"]) & (curve["variant"] == row["variant"])]
        last = mine.sort_values("step").groupby("seed")["return_mean"].last()
        assert row["n"] == len(last)
        assert row["return"] == pytest.approx(last.mean())
        low, high = stats.ttest_1samp(last, 0).confidence_interval()
        assert row["low"] <= low + 1e-9 and row["high"] >= high - 1e-9
        printed = PRINTED[row["task"]]
        assert row["agrees"] == (row["low"] <= printed.high and row["high"] >= printed.low)
        assert row["iteration"] == as_printed.manifest.tasks[row["task"]].steps / 1200
    shown = tables.module("printed").shown(as_printed)
    assert set(shown["SR"]) == {"299", "3 to 6.5"}
    assert set(shown["agrees"]) <= {"yes", "no"}
    assert "n = 3 runs of each variant on each task" in tables.caption("printed", as_printed)


def test_only_a_study_of_such_runs_has_the_table(frames: Frames, as_printed: Frames):
    """`verify` recomputes the tables that a study has, and no other."""
    assert tables.of(as_printed) == tables.names()
    assert tables.of(frames) == [name for name in tables.names() if name != "printed"]


def test_runs_that_learn_otherwise_are_not_held_against_it(frames: Frames):
    with pytest.raises(Absent, match="not all variants of this study learn by iterations"):
        figures.draw("iterations", frames)
    with pytest.raises(Absent, match="no task that SR printed"):
        tables.module("printed").table(frames)


def test_returns_of_longer_episodes_are_not_held_against_it(iterated: Frames):
    """Of 500 steps, whose return may be 500."""
    assert "printed" not in tables.of(iterated)
    said = "SR printed returns of 300 control steps, and this study's episodes have 500"
    with pytest.raises(Absent, match=said):
        tables.module("printed").table(iterated)
