"""What intervals cover, and what verdicts err and find, against what docs/statistics.md says.

`WRITE_PAGES=1 pytest -m "soak or not soak" tests/evaluation/estimating/test_calibration.py` makes
the page's tables, in half a minute.
"""

from __future__ import annotations

import os

import pandas as pd
import pytest

from mpo.evaluation.claims.shapes import ERRING
from mpo.evaluation.claims.verdicts import MANY, STEADY_RUNS
from mpo.evaluation.estimating.coverage import COVERAGE
from mpo.evaluation.showing.tables import markdown
from mpo.evaluation.telling.readme import filled
from mpo.study.yaml_files import PROJECT
from tests.evaluation.estimating import calibration
from tests.evaluation.estimating.calibration import EXEMPT, GATE, RUNS, SIMULATED, TASKS, TRUTHS

PAGE = PROJECT / "docs/statistics.md"


def marks(name: str) -> tuple[str, str]:
    return f"<!-- begin {name} -->", f"<!-- end {name} -->"


def table(name: str) -> str:
    """What stands between the marks of the page."""
    begin, end = marks(name)
    return PAGE.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0].strip()


def is_on_the_page(name: str, found: pd.DataFrame) -> None:
    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(filled(PAGE.read_text(), markdown(found), PAGE, marks(name)))
    assert table(name) == markdown(found).strip(), f"docs/statistics.md, {name}"


@pytest.fixture(scope="module")
def levels() -> pd.DataFrame:
    return calibration.levels()


def cells(found: pd.DataFrame) -> dict[tuple[str, int, int], str]:
    return {
        (row["truth"], row["tasks"], n): row[f"n = {n}"]
        for row in found.to_dict("records")
        for n in RUNS
    }


def test_no_cell_errs_above_the_gate_but_the_exempted_ones(levels):
    """By more than two standard errors of the simulation, 0.0034."""
    is_on_the_page("levels", levels)
    errs = {key: float(cell.split()[0]) for key, cell in cells(levels).items() if key not in EXEMPT}
    assert len(errs) == len(TRUTHS) * len(TASKS) * len(RUNS) - len(EXEMPT)
    assert max(errs.values()) <= GATE + SIMULATED, max(errs, key=errs.__getitem__)


def test_pairs_see_what_unpaired_tests_do_not(levels):
    """Ten seeds of one task whose runs are alike by 0.6; and the planted effect is found."""
    power = {key: float(cell.rpartition("/")[2]) for key, cell in cells(levels).items()}
    shared, apart = (power[name, 1, 5] for name in ("seeds shared, correlation 0.6", "unpaired"))
    assert shared > apart + 0.2
    assert power["normal", 4, 5] > 0.95


def test_the_levels_that_reports_name_are_those_of_the_page(levels):
    found = {key: float(cell.split()[0]) for key, cell in cells(levels).items()}
    for tasks in TASKS:
        for n in RUNS:
            names = ("one in four fails, on one side", "one in ten collapses")
            worst = max(found[name, tasks, n] for name in names)
            assert ERRING[tasks][n] == pytest.approx(worst, abs=0.006), (tasks, n)


def test_a_spread_is_judged_only_where_its_level_holds():
    found = calibration.spreads()
    is_on_the_page("spreads", found)
    for row in found.to_dict("records"):
        for n in (3, 4, *RUNS[1:]):
            if n >= STEADY_RUNS or row["tasks"] >= MANY:
                assert float(row[f"n = {n}"].split()[0]) <= GATE + SIMULATED, (row["truth"], n)


def test_a_share_errs_no_more_than_it_says():
    is_on_the_page("shares", calibration.share_table())
    for n in (3, 10, 29, 40):
        supported, refuted = calibration.share_rates(n, 0.9, 0.9)
        assert supported <= 0.05 and refuted <= 0.05, n
    assert calibration.share_rates(28, 1.0, 0.9)[0] == 0
    assert calibration.share_rates(29, 1.0, 0.9)[0] == 1


@pytest.mark.parametrize("n", [3, 10])
def test_intervals_of_one_task_cover_about_what_is_said_of_them(n, monkeypatch):
    """In short; 0.04 is two standard errors of so few studies."""
    monkeypatch.setattr(calibration, "COVERAGE_STUDIES", 250)
    for statistic in ("iqm", "probability"):
        worst = min(calibration.covered(statistic, scores, n, 1) for scores in calibration.SCORES)
        assert worst == pytest.approx(COVERAGE[statistic][1][n], abs=0.06), statistic
    assert calibration.covered("mean", "normal", n, 1) == pytest.approx(0.95, abs=0.04)


@pytest.mark.soak
def test_the_page_says_what_intervals_cover():
    is_on_the_page("coverage", calibration.coverage())


def test_captions_say_the_lesser_of_what_the_page_says_of_each_kind_of_score():
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table("coverage").splitlines()
    ]
    names, rows = lines[0], [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]
    assert names[3:] == [f"n = {n}" for n in RUNS]
    for estimate, by_tasks in COVERAGE.items():
        for tasks, by_runs in by_tasks.items():
            mine = [r for r in rows if (r["estimate"], r["tasks"]) == (estimate, str(tasks))]
            assert len(mine) == len(calibration.SCORES)
            assert by_runs == {n: min(float(row[f"n = {n}"]) for row in mine) for n in RUNS}


def test_the_page_s_sizes_are_those_of_the_simulation():
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"{calibration.STUDIES:,} studies a cell" in text
    assert f"families of {calibration.FAMILY}" in text
    assert f"{calibration.EFFECT:g} deviations" in text
    assert f"{calibration.COVERAGE_STUDIES:,} studies each" in text
