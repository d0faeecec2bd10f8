"""The numbers that claims are about, by hand; and the page on statistics that tells them."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pandas as pd
import pytest

from mpo.evaluation.claims.metrics import METRICS
from mpo.evaluation.reading.frames import Frames
from mpo.project import SHIPPED

TASK, VARIANT = "cartpole-balance", "paper"
ONE = {"task": TASK, "variant": VARIANT, "seed": 0}
SCORES = pd.DataFrame([ONE | {"status": "completed", "score": 0.6, "area": 0.5, "censored": True}])


def value(name: str, frames: Frames, budget: int = 100, **columns: Any) -> float:
    """Of the one run whose frames these are; `budget` is its task's."""
    task = dataclasses.replace(frames.manifest.tasks[TASK], steps=budget)
    manifest = dataclasses.replace(frames.manifest, tasks={TASK: task})
    made = dataclasses.replace(frames, manifest=manifest, **{"scores": SCORES} | columns)
    (row,) = METRICS[name](made).to_dict("records")
    assert {key: row[key] for key in ONE} == ONE
    return row["value"]


def run(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns).assign(**ONE)


def test_score_area_and_threshold_are_those_of_the_run(frames: Frames):
    assert value("score", frames) == 0.6
    assert value("area", frames) == 0.5
    assert value("reached", frames) == 0.0
    assert value("reached", frames, scores=SCORES.assign(censored=False)) == 1.0


def test_drawdown_is_the_greatest_fall_below_the_best_before(frames: Frames):
    """From 0.9 to 0.4, and not from there to 0.3 or the rise between."""
    curves = run(step=[10, 20, 30, 40, 50], score=[0.1, 0.9, 0.4, 0.6, 0.5])
    assert value("drawdown", frames, curves=curves) == pytest.approx(0.5)
    assert value("drawdown", frames, curves=run(step=[10, 20], score=[0.1, 0.2])) == 0.0


def test_the_gain_is_what_comes_after_a_million_steps(frames: Frames):
    steps = [500_000, 1_000_000, 1_500_000, 2_000_000]
    curves = run(step=steps, score=[0.1, 0.3, 0.9, 0.8])
    assert value("gain_after_million", frames, curves=curves) == pytest.approx(0.5)


def test_a_cost_of_eight_is_three_doublings(frames: Frames):
    assert value("log2_ms_per_update", frames, runs=run(ms_per_update=[8.0])) == 3.0


def test_decades_are_those_of_the_second_half(frames: Frames):
    """0.1 to 10 there; what is before, and a temperature of nought, do not count."""
    diagnostics = run(step=[10, 50, 60, 80, 90, 100], temperature=[1e-4, 1e4, 0.1, 0.0, 10.0, 1.0])
    assert value("temperature_decades", frames, diagnostics=diagnostics) == pytest.approx(2.0)


def test_the_deviation_is_that_of_the_first_half(frames: Frames):
    """The mean of log2 of 1 and 1/4; the middle belongs to the first half."""
    diagnostics = run(step=[10, 50, 60, 100], policy_deviation=[1.0, 0.25, 8.0, 8.0])
    assert value("log2_policy_deviation", frames, diagnostics=diagnostics) == pytest.approx(-1.0)


def test_the_look_ahead_is_the_mean_of_what_was_logged(frames: Frames):
    diagnostics = run(step=[10, 50, 100], look_ahead=[1.0, float("nan"), 4.0])
    assert value("look_ahead", frames, diagnostics=diagnostics) == pytest.approx(2.5)


def test_every_metric_is_told():
    page = (SHIPPED / "docs/statistics.md").read_text(encoding="utf-8")
    _, _, part = page.partition("## What claims are about")
    assert re.findall(r"^\| `(\w+)` \|", part.partition("\n## ")[0], re.M) == list(METRICS)
