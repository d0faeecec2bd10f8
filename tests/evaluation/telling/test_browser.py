"""The page in a browser, where one is installed: at two widths, light and dark, and clicked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mpo.evaluation.reading.frames import write_text
from mpo.evaluation.telling.page import report_html
from tests.evaluation.telling.browser import Tab, browser, installed
from tests.evaluation.telling.test_report import written

__all__ = ["written"]
pytestmark = pytest.mark.skipif(not installed(), reason="no Chromium: apt install chromium")
WIDTHS = [390, 1400]
READABLE = 720
"""Pixels of a picture of four panels whose letters a reader of a telephone can tell."""
SHOWN = "document.querySelectorAll('figure.shown').length"
CHIP = "document.querySelectorAll('.legend')[{}].querySelectorAll('button')[1]"
RENDERERS = (
    "Bokeh.documents.flatMap(d => d.roots()).flatMap(p => p.renderers)"
    ".filter(r => r.name == 'stable_dual').map(r => r.visible)"
)
WIDER = """[...document.querySelectorAll("main *")]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".still > img"))
  .map(e => e.outerHTML.slice(0, 90))
"""


@pytest.fixture(scope="module")
def file(written: str, study_dir: Path) -> Path:
    write_text(report_html(written, study_dir), study_dir / "report.html")
    return study_dir / "report.html"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as found:
        yield found


def look(tab: Tab, file: Path, width: int, *, dark: bool = False) -> None:
    """The page with all that is folded open, and all figures drawn."""
    tab.complaints.clear()
    tab.open(file, width, dark=dark)
    tab.ask("document.querySelectorAll('details').forEach(each => each.open = true)")
    many = tab.ask("document.querySelectorAll('[data-figure]').length")
    assert many >= 5
    for k in range(many):
        figure = f"document.querySelectorAll('[data-figure]')[{k}]"
        # again and again, since what is drawn above it moves it out of sight
        tab.wait(f"({figure}.scrollIntoView(), {figure}.classList.contains('shown'))")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_fits_and_its_console_is_empty(tab: Tab, file: Path, width: int, dark: bool):
    look(tab, file, width, dark=dark)
    assert tab.ask("document.documentElement.scrollWidth <= innerWidth")
    assert tab.ask(WIDER) == []
    boxes = "[...document.querySelectorAll('.scroll')]"
    assert tab.ask(f"{boxes}.filter(e => e.scrollWidth > e.clientWidth + 1).length") == 0
    paper = tab.ask("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") is not dark
    assert tab.complaints == []


def test_letters_of_a_picture_can_be_read_on_a_narrow_page(tab: Tab, file: Path):
    look(tab, file, 390)
    still = "[...document.querySelectorAll('figure:not(.shown) .still img')]"
    sizes = tab.ask(f"{still}.map(e => [e.getBoundingClientRect().width, e.getAttribute('width')])")
    assert sizes
    assert all(shown >= min(float(own), READABLE) - 1 for shown, own in sizes)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_click_on_a_variant_hides_it_in_all_figures_and_shows_it_again(
    tab: Tab, file: Path, width: int
):
    look(tab, file, width)
    assert set(tab.ask(RENDERERS)) == {True}
    tab.click(CHIP.format(0))
    assert set(tab.ask(RENDERERS)) == {False}
    others = RENDERERS.replace("== 'stable_dual'", "!= 'stable_dual'")
    assert set(tab.ask(others)) == {True}
    assert tab.ask(f"{CHIP.format(2)}.getAttribute('aria-pressed')") == "false"
    tab.click(CHIP.format(2))
    assert set(tab.ask(RENDERERS)) == {True}
    assert tab.complaints == []


def test_a_drag_zooms_into_a_figure_and_its_tool_leads_back(tab: Tab, file: Path):
    look(tab, file, 1400)
    plot = "Bokeh.documents[0].roots()[0]"
    ends = f"[{plot}.x_range.start, {plot}.x_range.end]"
    place = "document.querySelector('figure.shown .live .panels > div > div:last-child')"
    low, high = tab.ask(ends)
    tab.drag(place, (0.4, 0.2), (0.8, 0.6))
    tab.wait(f"{plot}.x_range.end - {plot}.x_range.start < {0.6 * (high - low)}")
    left, right = tab.ask(ends)
    assert low < left < right < high
    assert right - left > 0.3 * (high - low)
    tab.ask("[...Bokeh.index.roots][0].reset(), 0")
    assert tab.ask(ends) == [low, high]
    assert tab.complaints == []


def test_a_click_on_a_title_sorts_the_table_up_and_down(tab: Tab, file: Path):
    tab.open(file, 1400)
    table = "[...document.querySelectorAll('table')].find(t => t.textContent.includes('deviation'))"
    head = f"[...{table}.querySelectorAll('th')].find(h => h.textContent == 'deviation')"
    column = f"[...{table}.tBodies[0].rows].map(r => Number(r.cells[{head}.cellIndex].textContent))"
    values = tab.ask(column)
    assert values != sorted(values)
    tab.click(f"{head}.firstElementChild")
    assert tab.ask(column) == sorted(values)
    tab.click(f"{head}.firstElementChild")
    assert tab.ask(column) == sorted(values, reverse=True)
    assert tab.ask(f"{head}.ariaSort") == "descending"


def test_without_scripts_pictures_are_seen(tab: Tab, file: Path):
    tab.open(file, 1400, scripts=False)
    tree = tab.call("DOMSnapshot.captureSnapshot", computedStyles=["display"])
    strings, nodes = tree["strings"], tree["documents"][0]
    names = [strings[each] for each in nodes["nodes"]["nodeName"]]
    pictures = [k for k, name in enumerate(names) if name == "IMG"]
    seen = set(nodes["layout"]["nodeIndex"])
    assert pictures
    assert {"DIV"} <= {names[k] for k in seen}
    assert len([k for k in pictures if k in seen]) >= 5
    tab.call("Emulation.setScriptExecutionDisabled", value=False)


def test_on_paper_pictures_stand_for_what_could_be_clicked(tab: Tab, file: Path):
    look(tab, file, 1400)
    tab.call("Emulation.setEmulatedMedia", media="print")
    figure = "document.querySelector('figure.shown')"
    assert tab.ask(f"getComputedStyle({figure}.querySelector('.live')).display") == "none"
    assert tab.ask(f"getComputedStyle({figure}.querySelector('img')).display") == "block"
    tab.call("Emulation.setEmulatedMedia", media="")
