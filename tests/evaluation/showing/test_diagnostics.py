"""What runs logged, and what they cost: medians over runs, and every run."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing import figures
from mpo.evaluation.showing.failures import Absent
from tests.evaluation.showing.drawn import thick_lines


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


def test_the_dual_is_that_of_the_settings_that_the_runs_were_trained_with(frames: Frames):
    from mpo.evaluation.showing.figures.temperature import duals

    assert duals(frames) == {"paper": "raw", "stable_dual": "stable", "stabilised": "stable"}
    without = frames.runs.assign(settings=json.dumps({}))
    assert set(duals(dataclasses.replace(frames, runs=without)).values()) == {"raw"}
