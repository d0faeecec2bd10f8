"""Every figure: its files are non-empty and the same each time, its text can be read."""

from __future__ import annotations

import dataclasses
import itertools

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.transforms import Bbox

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing import figures
from tests.evaluation.showing.drawn import DRAWN

WITHOUT_INTERVALS = {
    "cost",
    "effective_sample_size",
    "kl_relative",
    "policy_deviation",
    "temperature",
    "value_bias",
}
"""Figures of single runs and their medians."""


def test_the_figures_are_found_by_their_files():
    assert figures.names() == [
        "aggregate_intervals",
        "core_seconds",
        "cost",
        "effective_sample_size",
        "iterations",
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


@pytest.mark.parametrize("name", DRAWN)
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


@pytest.mark.parametrize("name", DRAWN)
def test_text_neither_overlaps_nor_leaves_the_figure(frames: Frames, name):
    drawing = figures.draw(name, renamed(frames, "cartpole-balance", "InvertedDoublePendulum-v5"))
    boxes = boxes_of_text(drawing)
    assert len(boxes) > 10
    for box in boxes:
        assert box.x0 >= -1 and box.y0 >= -1
        assert box.x1 <= drawing.bbox.width + 1 and box.y1 <= drawing.bbox.height + 1
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize("name", DRAWN)
def test_a_caption_says_n_and_counts_diverged_runs(frames: Frames, name):
    text = figures.caption(name, frames)
    assert "n = 3 runs of each variant on each task" in text
    assert "1 of 18 runs diverged" in text
    if name in ("aggregate_intervals", "probability_of_improvement"):
        assert "Small ones are single seeds" in text
    elif name not in WITHOUT_INTERVALS:
        assert "95 % intervals by percentile bootstrap" in text
        told = "0.74 of simulated studies" if name != "performance_profiles" else "too narrow"
        assert told in text, "profiles were not simulated"
