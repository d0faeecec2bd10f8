"""Figures are compared by the data drawn in them; files are non-empty and the same each time."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.transforms import Bbox

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing import figures
from mpo.evaluation.showing.failures import Absent
from mpo.evaluation.showing.figures.panels import chunks, grid, refer
from mpo.evaluation.showing.palette import STYLES
from mpo.evaluation.showing.references import Reference

THICK = 1.0
"""Line width that tells the lines of variants from those of runs."""


WITHOUT_INTERVALS = {
    "cost",
    "effective_sample_size",
    "kl_relative",
    "policy_deviation",
    "temperature",
    "value_bias",
}
"""Figures of single runs and their medians."""


def thick_lines(panel) -> list:
    return [line for line in panel.lines if line.get_linewidth() > THICK and len(line.get_xdata())]


def test_the_figures_are_found_by_their_files():
    assert figures.names() == [
        "aggregate_intervals",
        "core_seconds",
        "cost",
        "effective_sample_size",
        "kl_relative",
        "ladder",
        "learning_curves",
        "performance_profiles",
        "policy_deviation",
        "probability_of_improvement",
        "sample_efficiency",
        "sweeps",
        "temperature",
        "value_bias",
    ]
    with pytest.raises(ValueError, match="figure 'none' is not known; figures are aggregate"):
        figures.module("none")


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
        assert [text.get_text() for text in panel.texts] == ["uniform policy", "threshold"]
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
    assert "iterations of 2,000 control steps" in figures.caption(
        "learning_curves", dataclasses.replace(frames, runs=runs)
    )


def test_learning_curves_of_iterations_and_others_count_steps(frames: Frames):
    runs = frames.runs.copy()
    runs.loc[runs.index[1:], "settings"] = json.dumps({"protocol": "iterations"})
    drawing = figures.draw("learning_curves", dataclasses.replace(frames, runs=runs))
    assert drawing.axes[0].get_xlabel() == "control steps (thousands)"


def test_more_variants_than_one_panel_holds_get_rows_of_their_own():
    parts = chunks([str(number) for number in range(9)], 4)
    assert [len(part) for part in parts] == [4, 4, 1]


@pytest.mark.parametrize("name", ["learning_curves", "performance_profiles"])
def test_panels_of_some_variants_are_named_and_have_their_own_legend(
    frames: Frames, monkeypatch, name: str
):
    monkeypatch.setattr("mpo.evaluation.showing.figures.panels.PANEL_VARIANTS", 2)
    drawing = figures.draw(name, frames)
    groups = [["paper", "stable_dual"], ["stabilised"]]
    shown = [[text.get_text() for text in part.legends[0].get_texts()] for part in drawing.subfigs]
    assert shown == groups
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


def test_temperature_puts_the_raw_dual_beside_the_stable_one(frames: Frames):
    drawing = figures.draw("temperature", frames)
    assert [panel.get_title() for panel in drawing.axes] == [
        f"{task}\n{dual} dual" for task in frames.manifest.tasks for dual in ("raw", "stable")
    ]
    raw = drawing.axes[0]
    assert raw.get_yscale() == "log"
    assert raw.get_xlabel() == "updates (thousands)"
    rows = frames.diagnostics
    rows = rows[(rows["task"] == "cartpole-balance") & (rows["variant"] == "paper")]
    (line,) = thick_lines(raw)
    np.testing.assert_allclose(
        line.get_ydata(), rows.groupby("updates")["temperature"].median(), rtol=1e-12
    )
    assert len(thick_lines(drawing.axes[1])) == 2


@pytest.mark.parametrize("name", ["effective_sample_size", "policy_deviation"])
def test_diagnostics_draw_medians_over_runs(frames: Frames, name: str):
    drawing = figures.draw(name, frames)
    panels = [panel for panel in drawing.axes if panel.get_visible()]
    assert [panel.get_title() for panel in panels] == list(frames.manifest.tasks)
    assert [bool(panel.get_ylabel()) for panel in panels] == [True, False]
    rows = frames.diagnostics[frames.diagnostics["task"] == panels[0].get_title()]
    for line, variant in zip(thick_lines(panels[0]), frames.manifest.variants, strict=True):
        mine = rows[rows["variant"] == variant]
        expected = mine.dropna(subset=name).groupby("updates")[name].median()
        np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-12)


def test_cost_draws_every_run_and_the_median(frames: Frames):
    drawing = figures.draw("cost", frames)
    tasks = list(frames.manifest.tasks)
    assert len(drawing.axes) == 2 * len(tasks)
    first, below = drawing.axes[0], drawing.axes[len(tasks)]
    runs = frames.runs[(frames.runs["task"] == tasks[0]) & (frames.runs["variant"] == "paper")]
    middle, dots = first.lines[:2]
    assert np.asarray(middle.get_xdata())[0] == pytest.approx(runs["ms_per_update"].median())
    np.testing.assert_allclose(np.sort(dots.get_xdata()), np.sort(runs["ms_per_update"]))
    np.testing.assert_allclose(np.sort(below.lines[1].get_xdata()), np.sort(runs["cpu_s"] / 60))


@pytest.mark.filterwarnings("error")
def test_a_variant_whose_runs_have_no_time_of_an_update_keeps_its_line(frames: Frames):
    runs = frames.runs
    known = runs["ms_per_update"].where(runs["variant"] != "paper")
    lacking = dataclasses.replace(frames, runs=runs.assign(ms_per_update=known))
    drawing = figures.draw("cost", lacking)
    names = [label.get_text() for label in drawing.axes[0].get_yticklabels()]
    assert names == list(frames.manifest.variants)
    assert np.size(drawing.axes[0].lines[1].get_xdata()) == 0


def test_variants_without_a_temperature_are_left_out_of_it(frames: Frames):
    rows = frames.diagnostics
    empty = rows.assign(temperature=rows["temperature"].where(rows["variant"] != "paper"))
    drawing = figures.draw("temperature", dataclasses.replace(frames, diagnostics=empty))
    assert [panel.get_title() for panel in drawing.axes] == [
        f"{task}\nstable dual" for task in frames.manifest.tasks
    ]
    nothing = dataclasses.replace(frames, diagnostics=rows.head(0))
    with pytest.raises(Absent, match="no run logged a temperature"):
        figures.draw("temperature", nothing)


@pytest.mark.parametrize("name", figures.names())
def test_a_figures_files_are_not_empty_and_the_same_each_time(frames: Frames, tmp_path, name):
    for folder in ("first", "second"):
        figures.write(name, frames, tmp_path / folder)
    for kind in ("png", "svg", "csv"):
        first = (tmp_path / "first" / f"{name}.{kind}").read_bytes()
        assert first == (tmp_path / "second" / f"{name}.{kind}").read_bytes()
        assert len(first) > 300
    pixels = imread(tmp_path / "first" / f"{name}.png")
    assert pixels.std() > 0.01
    assert b"<dc:date>" not in (tmp_path / "first" / f"{name}.svg").read_bytes()
    assert len(pd.read_csv(tmp_path / "first" / f"{name}.csv")) > 5


def renamed(frames: Frames, old: str, new: str) -> Frames:
    """`frames` with another name for one task."""
    values = {field.name: getattr(frames, field.name) for field in dataclasses.fields(frames)}
    tasks = {name.replace(old, new): task for name, task in frames.manifest.tasks.items()}
    manifest = dataclasses.replace(values.pop("manifest"), tasks=tasks)
    rows = {name: frame.replace({"task": {old: new}}) for name, frame in values.items()}
    return Frames(manifest, **rows)


def boxes_of_text(drawing: Figure) -> list[Bbox]:
    """Where text is drawn: titles, labels, ticks inside the axes' limits, the legend."""
    renderer = FigureCanvasAgg(drawing).get_renderer()
    drawing.draw(renderer)
    legends = [legend for part in (drawing, *drawing.subfigs) for legend in part.legends]
    texts = [text for legend in legends for text in legend.get_texts()]
    for panel in drawing.axes:
        texts += [panel.title, panel.xaxis.label, panel.yaxis.label]
        for axis in (panel.xaxis, panel.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = axis.get_major_ticks()
            texts += [tick.label1 for tick in ticks if low <= tick.get_loc() <= high]
    shown = [text for text in texts if text.get_text() and text.get_visible()]
    return [text.get_window_extent(renderer) for text in shown]


@pytest.mark.parametrize("name", figures.names())
def test_text_neither_overlaps_nor_leaves_the_figure(frames: Frames, name):
    drawing = figures.draw(name, renamed(frames, "cartpole-balance", "InvertedDoublePendulum-v5"))
    boxes = boxes_of_text(drawing)
    assert len(boxes) > 10
    for box in boxes:
        assert box.x0 >= -1 and box.y0 >= -1
        assert box.x1 <= drawing.bbox.width + 1 and box.y1 <= drawing.bbox.height + 1
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize("name", figures.names())
def test_a_caption_says_n_and_counts_diverged_runs(frames: Frames, name):
    text = figures.caption(name, frames)
    assert "n = 3 runs of each variant on each task" in text
    assert "1 of 18 runs diverged" in text
    if name in ("aggregate_intervals", "probability_of_improvement"):
        assert "Small ones are single seeds" in text
    elif name not in WITHOUT_INTERVALS:
        assert "95 % intervals by percentile bootstrap" in text
        assert "Such intervals held the truth in 0.74 of simulated studies" in text


def test_the_dual_is_that_of_the_settings_that_the_runs_were_trained_with(frames: Frames):
    from mpo.evaluation.showing.figures.temperature import duals

    assert duals(frames) == {"paper": "raw", "stable_dual": "stable", "stabilised": "stable"}
    without = frames.runs.assign(settings=json.dumps({}))
    assert set(duals(dataclasses.replace(frames, runs=without)).values()) == {"raw"}


def test_a_reference_far_off_the_scale_takes_no_room():
    """Counted as part of its panel, its name would leave none for the panels (a warning)."""
    sizes = []
    for value in (0.5, 800.0):
        drawing, axes = grid(1, 2)
        for panel in axes[0]:
            refer(panel, [Reference("threshold", value)])
            panel.set_ylim(0, 1)
        FigureCanvasAgg(drawing).draw()
        sizes.append([panel.get_position().bounds for panel in axes[0]])
    np.testing.assert_allclose(*sizes)
