"""Learning curves and their panels: the data drawn, against steps, iterations and core-seconds."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest
from matplotlib.colors import to_hex

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing import figures
from mpo.evaluation.showing.palette import STYLES
from mpo.evaluation.showing.panels.layout import groups_of
from tests.evaluation.showing.drawn import thick_lines


def test_learning_curves_draw_the_estimates_and_every_run(frames: Frames):
    drawing = figures.draw("learning_curves", frames)
    panels = [panel for panel in drawing.axes if panel.get_visible()]
    assert [panel.get_title() for panel in panels] == list(frames.manifest.tasks)
    for panel in panels:
        *lines, uniform, threshold = panel.lines
        assert len(lines) == 3 + 3 * 3
        task = frames.manifest.tasks[panel.get_title()]
        heights = [np.asarray(line.get_ydata())[0] for line in (uniform, threshold)]
        assert heights == [task.random_return, task.low + task.threshold * (task.high - task.low)]
        rows = frames.curve_estimates
        rows = rows[(rows["metric"] == "return_iqm") & (rows["task"] == panel.get_title())]
        for line, variant in zip(thick_lines(panel), frames.manifest.variants, strict=True):
            mine = rows[rows["variant"] == variant]
            np.testing.assert_array_equal(line.get_xdata(), mine["step"])
            np.testing.assert_array_equal(line.get_ydata(), mine["value"])
            assert to_hex(line.get_color()).lower() == STYLES[variant].colour.lower()
        assert panel.get_xlabel() == "control steps (thousands)"
        assert panel.collections
    assert panels[0].get_ylabel() == "return of an episode"


def test_learning_curves_of_iterations_count_those(frames: Frames):
    collected = {"protocol": "iterations", "iteration_episodes": 4, "episode_steps": 500}
    runs = frames.runs.assign(settings=json.dumps(collected))
    drawing = figures.draw("learning_curves", dataclasses.replace(frames, runs=runs))
    panel = drawing.axes[0]
    assert panel.get_xlabel() == "iterations"
    assert panel.get_ylabel() == "return of 500 steps"
    rows = frames.curve_estimates
    rows = rows[(rows["metric"] == "return_iqm") & (rows["task"] == panel.get_title())]
    mine = rows[rows["variant"] == next(iter(frames.manifest.variants))]
    np.testing.assert_allclose(thick_lines(panel)[0].get_xdata(), mine["step"] / 2000)
    assert "against control steps, 2,000 an iteration" in figures.caption(
        "learning_curves", dataclasses.replace(frames, runs=runs)
    )


def test_learning_curves_of_iterations_and_others_count_steps(frames: Frames):
    runs = frames.runs.copy()
    runs.loc[runs.index[1:], "settings"] = json.dumps({"protocol": "iterations"})
    drawing = figures.draw("learning_curves", dataclasses.replace(frames, runs=runs))
    assert drawing.axes[0].get_xlabel() == "control steps (thousands)"


@pytest.mark.parametrize(
    ("variants", "rows"), [(1, [1]), (4, [4]), (5, [3, 2]), (8, [4, 4]), (9, [3, 3, 3])]
)
def test_more_variants_than_one_panel_holds_get_rows_of_much_the_same_size(variants, rows):
    parts = groups_of([str(number) for number in range(variants)])
    assert [len(part) for part in parts] == rows
    assert [*itertools.chain(*parts)] == [str(number) for number in range(variants)]


@pytest.mark.parametrize("name", ["learning_curves", "performance_profiles"])
def test_panels_of_some_variants_are_named_and_have_their_own_legend(
    frames: Frames, monkeypatch, name: str
):
    monkeypatch.setattr("mpo.evaluation.showing.panels.layout.PANEL_VARIANTS", 2)
    drawing = figures.draw(name, frames)
    groups = [["paper", "stable_dual"], ["stabilised"]]
    for part, group in zip(drawing.subfigs, groups, strict=True):
        shown = {text.get_text() for text in part.legends[0].get_texts()}
        assert shown & {*frames.manifest.variants} == {*group}
    for part, group in zip(drawing.subfigs, groups, strict=True):
        named = {panel.get_title().split("\n")[-1] for panel in part.axes if panel.get_visible()}
        assert named == {"paper to stable_dual" if len(group) == 2 else "stabilised"}


def test_curves_against_core_seconds_end_at_what_the_runs_took(frames: Frames):
    rows = figures.module("core_seconds").drawn(frames)
    runs = rows[rows["seed"].notna()]
    last = runs.groupby(["task", "variant", "seed"])["core_s"].max()
    took = frames.runs[frames.runs["status"] == "completed"]
    took = took.set_index(["task", "variant", "seed"])["cpu_s"]
    np.testing.assert_allclose(last.reindex(took.index).astype(float), took, rtol=1e-12)
    curves = figures.module("learning_curves").drawn(frames)
    assert sorted(rows["value"]) == sorted(curves["value"])
    middle = rows[rows["seed"].isna() & (rows["variant"] == "stabilised")]
    expected = took.xs("stabilised", level="variant").groupby("task").median()
    ends = middle.groupby("task")["core_s"].max()
    np.testing.assert_allclose(ends, expected.reindex(ends.index), rtol=1e-12)


@pytest.mark.parametrize("name", ["learning_curves", "core_seconds"])
def test_references_are_named_in_the_legend_and_nowhere_over_curves(frames: Frames, name: str):
    drawing = figures.draw(name, frames)
    for part in drawing.subfigs:
        shown = [text.get_text() for text in part.legends[0].get_texts()]
        assert sorted(shown) == sorted([*frames.manifest.variants, "uniform policy", "threshold"])
        assert not [text for panel in part.axes for text in panel.texts]
        lines = [line for panel in part.axes if panel.get_visible() for line in panel.lines[-2:]]
        assert {line.get_zorder() for line in lines} == {1}, "above the grid, below the curves"


def test_core_seconds_are_counted_one_by_one_from_zero(frames: Frames):
    drawing = figures.draw("core_seconds", frames)
    drawing.canvas.draw()
    panel = drawing.axes[0]
    assert panel.get_xlabel() == "core-seconds"
    longest = figures.module("core_seconds").drawn(frames)["core_s"].max()
    ticks = [float(label.get_text()) for label in panel.get_xticklabels()]
    assert ticks[0] == 0 and longest / 2 < max(ticks) <= 1.3 * longest
