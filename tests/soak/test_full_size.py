"""The page of a study of 8 variants on 5 tasks with 10 seeds, whole: small, and looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evaluation import full_size
from tests.evaluation.telling.browser import browser, installed
from tests.evaluation.telling.test_browser import WIDER, WIDTHS, look
from tests.evaluation.telling.test_report import SECTIONS
from tests.evaluation.telling.test_size import LARGEST

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies") / "full"
    return full_size.write_page(full_size.write(folder))


def test_it_is_whole_and_no_larger_than_it_may_be(page: Path):
    text = page.read_text(encoding="utf-8")
    assert all(f">{title}</h2>" in text for title in SECTIONS)
    assert "could not be made" not in text and "is missing" not in text
    assert text.count(' on hopper-hop">') == len(full_size.VARIANTS), "a film of each"
    assert page.stat().st_size < LARGEST


@pytest.mark.skipif(not installed(), reason="no Chromium: apt install chromium")
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_and_its_console_is_empty(page: Path, width: int):
    with browser() as tab:
        look(tab, page, width)
        assert tab.ask("document.documentElement.scrollWidth <= innerWidth")
        assert tab.ask(WIDER) == []
        assert tab.complaints == []
