"""The figure of the ladder: gains with the right sign, of the right pairs, seed by seed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.load import load
from mpo.evaluation.showing import figures
from mpo.evaluation.showing.failures import Absent
from tests.evaluation.conftest import compute
from tests.evaluation.synthetic import write_study

NAMES = ("stable_dual", "stabilised", "stable_dual_with_norm", "stabilised_without_norm")
PAIRS = {
    "all together": ("stabilised", "stable_dual"),
    "added alone": ("stable_dual_with_norm", "stable_dual"),
    "left out": ("stabilised", "stabilised_without_norm"),
}


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    folder = write_study(tmp_path_factory.mktemp("ladder") / "s", variants=NAMES, seeds=range(5))
    return compute(folder, load(folder))


def test_each_gain_is_the_mean_difference_of_its_pair_with_student_s_interval_or_a_wider_one(
    ladder: Frames,
):
    rows = figures.module("ladder").drawn(ladder)
    assert len(rows) == 3 * 3
    assert set(rows["n"]) == {5}
    for how, (above, below) in PAIRS.items():
        for task in ladder.manifest.tasks:
            (row,) = rows[(rows["how"] == how) & (rows["task"] == task)].to_dict("records")
            scores = ladder.scores[ladder.scores["task"] == task].set_index(["variant", "seed"])
            gains = scores.loc[above]["score"] - scores.loc[below]["score"]
            assert row["value"] == pytest.approx(gains.mean())
            low, high = stats.ttest_1samp(gains, 0).confidence_interval()
            assert row["low"] <= low + 1e-12 and row["high"] >= high - 1e-12
        over = rows[(rows["how"] == how)].set_index("task")["value"]
        assert over["all"] == pytest.approx(over.drop("all").mean())


def test_every_row_is_drawn_where_it_is(ladder: Frames):
    rows = figures.module("ladder").drawn(ladder)
    drawing = figures.draw("ladder", ladder)
    panels = [panel for panel in drawing.axes if panel.get_visible()]
    assert [panel.get_title() for panel in panels] == ["all tasks", *ladder.manifest.tasks]
    for panel, task in zip(panels, ["all", *ladder.manifest.tasks], strict=True):
        for how in PAIRS:
            (line,) = (each for each in panel.lines if each.get_label() == how)
            mine = rows[(rows["how"] == how) & (rows["task"] == task)]
            np.testing.assert_array_equal(line.get_xdata(), mine["value"])
    assert "`stable_dual` to `stabilised`" in figures.caption("ladder", ladder)
    assert "n = 5 runs" in figures.caption("ladder", ladder)


def test_without_the_base_or_the_whole_there_is_none(ladder: Frames, tmp_path: Path):
    folder = write_study(tmp_path / "s", variants=NAMES[1:], seeds=range(2))
    with pytest.raises(Absent, match="leaves out tricks"):
        figures.draw("ladder", compute(folder, load(folder)))
    apart = ladder.scores[ladder.scores["variant"] != "stabilised"]
    with pytest.raises(Absent):  # of a study under way
        figures.draw("ladder", dataclasses.replace(ladder, scores=apart))
    manifest = dataclasses.replace(ladder.manifest, variants={})
    assert manifest.ladders == {}
