"""Figures that the page's reader can look into: the numbers of their files, and nothing else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mpo.evaluation.reading.frames import Frames, read_csv, write_csv
from mpo.evaluation.showing.live.document import figure_data, spec_of
from mpo.evaluation.showing.live.panels import sweep
from mpo.evaluation.showing.live.specs import Curves, Rungs, Sweeps
from mpo.evaluation.telling.page import report_html
from tests.evaluation.showing.drawn import DRAWN
from tests.evaluation.telling.test_report import written

__all__ = ["written"]
LIVE = [name for name in DRAWN if spec_of(name)]


@pytest.fixture(scope="module")
def page(written: str, study_dir: Path) -> str:
    return report_html(written, study_dir)


def unpacked(page: str, name: str) -> str:
    """What the page holds packed."""
    found = re.search(rf'<script type="application/gzip" class="{name}">(.*?)</script>', page)
    assert found
    return gzip.decompress(base64.b64decode(found.group(1))).decode()


@pytest.fixture(scope="module")
def data(page: str) -> dict[str, Any]:
    """What the page holds of its figures."""
    return json.loads(unpacked(page, "figures"))


def attributes(model: dict[str, Any]) -> dict[str, Any]:
    return model["attributes"]


def plots(figure: dict[str, Any]) -> list[dict[str, Any]]:
    """The plots of a figure in the order of its panels."""
    roots = {root["id"]: attributes(root) for root in figure["document"]["roots"]}
    return [roots[panel["plot"]] for panel in figure["panels"]]


def columns(source: dict[str, Any]) -> dict[str, list]:
    """A source's columns; Bokeh writes what is no number in words."""
    entries = attributes(source)["data"]["entries"]
    return {
        name: [float(each["value"]) if isinstance(each, dict) else each for each in values]
        for name, values in entries
    }


def rows_of(plot: dict[str, Any], x: str) -> pd.DataFrame:
    """The rows that a plot's renderers show, each source once."""
    sources: dict[str, tuple[str, dict]] = {}
    for renderer in plot["renderers"]:
        source = attributes(renderer)["data_source"]
        if "attributes" in source and "name" in attributes(renderer):  # once each, of a variant
            sources[source["id"]] = (attributes(renderer)["name"], columns(source))
    parts = [pd.DataFrame(found).assign(variant=name) for name, found in sources.values()]
    wanted = ["variant", x, "value", "low", "high", "seed"]
    return pd.concat(parts, ignore_index=True).reindex(columns=[*dict.fromkeys(wanted)])


def test_curves_aggregates_profiles_and_sweeps_can_be_looked_into(data: dict[str, Any]):
    assert set(data) == set(LIVE)
    assert {"learning_curves", "aggregate_intervals", "performance_profiles", "sweeps"} <= set(LIVE)


@pytest.mark.parametrize("name", LIVE)
def test_the_numbers_shown_are_those_of_the_file(name: str, data: dict[str, Any], study_dir: Path):
    spec, rows = spec_of(name), read_csv(study_dir / f"figures/{name}.csv")
    assert spec
    x = "setting" if isinstance(spec, Sweeps) else "variant"
    x = spec.x if isinstance(spec, Curves) else x
    by = ["base", "field", "task"] if isinstance(spec, Sweeps) else spec.panels
    parts = [part for _, part in rows.groupby(by, sort=False)] if by else [rows]
    assert len(data[name]["panels"]) == len(parts)
    for part, plot in zip(parts, plots(data[name]), strict=True):
        shown = rows_of(plot, x)
        wanted = pd.DataFrame(part, columns=[*shown])
        order = ["variant", "seed", x, "value"]
        shown, wanted = (each.sort_values(order, ignore_index=True) for each in (shown, wanted))
        assert list(shown["variant"]) == list(wanted["variant"])
        for column in {*shown} - {"variant", "setting"}:
            np.testing.assert_array_equal(shown[column], wanted[column].astype(float))


def test_a_tooltip_says_variant_place_value_interval_and_seed(data: dict[str, Any]):
    for plot in plots(data["learning_curves"]):
        tools = attributes(plot["toolbar"])["tools"]
        told = [dict(attributes(each)["tooltips"]) for each in tools if each["name"] == "HoverTool"]
        place = {"variant", "control steps", "return of an episode"}
        assert [{*each} - place for each in told] == [{"seed"}, {"interval"}]
        assert all(place <= {*each} for each in told)


def test_returns_are_compared_with_the_uniform_policy_and_the_threshold(
    data: dict[str, Any], frames: Frames
):
    for task, plot in zip(
        frames.manifest.tasks.values(), plots(data["learning_curves"]), strict=True
    ):
        spans = [each for each in plot["center"] if each["name"] == "Span"]
        assert [attributes(each)["location"] for each in spans] == [
            task.random_return,
            task.low + task.threshold * (task.high - task.low),
        ]
    named = [each["name"] for each in data["learning_curves"]["references"]]
    assert named == ["uniform policy", "threshold"]
    (named,) = data["probability_of_improvement"]["references"]
    assert named["name"] == "neither is better"


def swept(settings: list[str]) -> Any:
    """The plot of a sweep of `epsilon` with these values; the last is the base's own."""
    names = [f"paper@epsilon={value}" for value in settings[:-1]]
    values = [0.1 * k for k in range(len(settings))]
    columns = {"base": "paper", "field": "epsilon", "setting": settings, "task": "all"}
    rows = pd.DataFrame({**columns, "variant": [*names, "paper"], "value": values})
    return sweep(Sweeps("score (IQM)"), rows.assign(low=rows["value"], high=1.0))


def test_a_sweep_stands_by_its_numbers_and_on_a_logarithmic_axis_where_they_span_decades():
    plot = swept(["1.0", "0.01", "0.1"])
    line, *others = plot.renderers
    assert line.data_source.data == {"setting": [0.01, 0.1, 1.0], "value": [0.1, 0.2, 0.0]}
    assert line.name is None, "it stays when a variant is hidden"
    assert type(plot.x_scale).__name__ == "LogScale"
    assert plot.xaxis[0].major_label_overrides == {0.01: "0.01", 0.1: "0.1", 1.0: "1"}
    assert type(swept(["1", "3", "2"]).x_scale).__name__ == "LinearScale"
    assert {each.name for each in others} == {"paper", "paper@epsilon=1.0", "paper@epsilon=0.01"}
    (hover,) = [tool for tool in plot.tools if type(tool).__name__ == "HoverTool"]
    assert [title for title, _ in hover.tooltips] == [
        *("variant", "epsilon", "score (IQM)", "interval")
    ]


def test_a_sweep_of_names_keeps_their_order():
    assert swept(["true", "0.1", "null"]).x_range.factors == ["true", "0.1", "null"]


def test_a_name_that_is_also_the_base_s_own_value_has_one_place():
    plot = swept(["squared", "huber", "squared"])
    assert plot.x_range.factors == ["squared", "huber"]
    assert plot.renderers[0].data_source.data["setting"] == ["squared", "squared", "huber"]


def test_a_ladder_has_a_row_a_trick_and_a_mark_for_each_way(frames: Frames, tmp_path: Path):
    spec = spec_of("ladder")
    assert isinstance(spec, Rungs)
    tricks = ["all together", "norm", "clips", "norm"]
    hows = ["all together", "added alone", "added alone", "left out"]
    names = {"of": "stabilised", "base": "paper", "trick": tricks, "how": hows, "task": "all"}
    rows = pd.DataFrame({**names, "variant": [*"abcd"], "n": 5, "value": [0.4, 0.1, -0.1, 0.2]})
    rows = rows.assign(low=rows["value"] - 0.1, high=rows["value"] + 0.1)
    write_csv(rows, tmp_path / "figures/ladder.csv")
    data = figure_data("ladder", frames.manifest, tmp_path)
    assert data
    assert [each["name"] for each in data["legend"]] == ["all together", "added alone", "left out"]
    assert [panel["title"] for panel in data["panels"]] == ["stabilised: all tasks"]
    assert data["width"] == 16, "short names ask for no more than other panels have"
    write_csv(rows.assign(trick=36 * "x"), tmp_path / "figures/ladder.csv")
    wider = figure_data("ladder", frames.manifest, tmp_path)
    assert wider and 22 < wider["width"] < 24
    (plot,) = plots(data)
    assert attributes(plot["y_range"])["factors"] == ["clips", "norm", "all together"]
    shown: dict[str, pd.DataFrame] = {}
    for renderer in plot["renderers"]:
        source = attributes(renderer)["data_source"]
        if "attributes" in source:
            shown[attributes(renderer)["name"]] = pd.DataFrame(columns(source))
    for how, mine in rows.groupby("how"):
        wanted = mine[["trick", "variant", "value", "low", "high"]].reset_index(drop=True)
        pd.testing.assert_frame_equal(shown[str(how)], wanted)


def test_the_same_file_gives_the_same_data(frames: Frames, study_dir: Path, written: str):
    first, second = (figure_data("learning_curves", frames.manifest, study_dir) for _ in range(2))
    assert first and first == second


def test_a_figure_that_cannot_be_drawn_anew_stays_a_picture(
    written: str, study_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object) -> None:
        raise RuntimeError("it broke")

    monkeypatch.setattr("mpo.evaluation.showing.live.document.curves", broken)
    page = report_html(written, study_dir)
    monkeypatch.undo()
    assert 'data-figure="learning_curves"' not in page
    assert 'data-figure="aggregate_intervals"' in page
    record = study_dir / "failures/interactive_figure_learning_curves.json"
    assert "it broke" in record.read_text()
    report_html(written, study_dir)
    assert json.loads(record.read_text())["said"] is None


def test_the_page_runs_its_own_scripts_alone_and_fetches_nothing(page: str):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert policy.group(1).startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy.group(1)
    (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    allowed = [base64.b64decode(each) for each in re.findall(r"sha256-([^']*)'", policy.group(1))]
    mine = [unpacked(page, "library"), script]
    assert allowed == [hashlib.sha256(each.encode()).digest() for each in mine]
