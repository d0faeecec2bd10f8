"""What intervals cover, and what verdicts err and find, against what docs/statistics.md says.

`WRITE_PAGES=1 pytest -m soak tests/evaluation/estimating/test_calibration.py` makes the page's
tables, in half an hour; the tests that always run repeat the coverage whole and the rest in short.
"""

from __future__ import annotations

import os

import pandas as pd
import pytest

from mpo.evaluation.showing.tables import markdown
from mpo.evaluation.telling.readme import filled
from mpo.study.yaml_files import PROJECT
from tests.evaluation.estimating import calibration

PAGE = PROJECT / "docs/statistics.md"
TABLES = ("coverage", "errors", "power")
STUDIES = 300
"""Of the short forms."""


def marks(name: str) -> tuple[str, str]:
    return f"<!-- begin {name} -->", f"<!-- end {name} -->"


def shown(frame: pd.DataFrame) -> str:
    cells = frame.astype(object)
    for name in frame.select_dtypes("float"):
        cells[name] = frame[name].map("{:.3f}".format)
    return markdown(cells.replace("inf", "none"))


def table(name: str) -> str:
    """What stands between the marks of the page."""
    begin, end = marks(name)
    return PAGE.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0].strip()


def test_the_page_says_what_intervals_cover() -> None:
    found = shown(calibration.coverage())
    print(f"\n{found}")
    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(filled(PAGE.read_text(), found, PAGE, marks("coverage")))
    assert table("coverage") == found.strip()


def test_the_page_s_sizes_are_those_of_the_simulation() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"of {calibration.COVERAGE_STUDIES} studies each" in text
    assert f"Families of {calibration.FAMILY} claims" in text
    assert f"of {calibration.FAMILIES:,} families each" in text
    assert f"An effect of {calibration.EFFECT:g} deviations" in text


@pytest.mark.parametrize("test", ["two_sample", "one_sample", "spread", "equivalence"])
def test_a_family_at_its_bounds_errs_rarely(test: str) -> None:
    """Five runs; 0.05 and two standard errors of so few families."""
    assert calibration.erring(test, 5, 1, STUDIES) <= 0.05 + 2 * (0.05 * 0.95 / STUDIES) ** 0.5


def test_a_planted_effect_is_found_and_never_its_opposite() -> None:
    supported, refuted = calibration.found(5, 4, STUDIES)
    assert supported > 0.9
    assert refuted == 0
    supported, refuted = calibration.found(3, 1, STUDIES)
    assert supported == refuted == 0  # three runs of one task cannot


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_verdicts_err_and_find_as_the_page_says() -> None:
    made = {"errors": calibration.errors(), "power": calibration.powers()}
    rates = made["errors"][[f"n = {n}" for n in calibration.RUNS]].to_numpy()
    assert rates.max() <= 0.05 + 3 * (0.05 * 0.95 / calibration.FAMILIES) ** 0.5
    for name, frame in made.items():
        print(f"\n{shown(frame)}")
        if os.environ.get("WRITE_PAGES"):
            PAGE.write_text(filled(PAGE.read_text(), shown(frame), PAGE, marks(name)))
        assert table(name) == shown(frame).strip()


def test_the_page_has_all_its_tables() -> None:
    assert all(table(name).startswith("| ") for name in TABLES)
