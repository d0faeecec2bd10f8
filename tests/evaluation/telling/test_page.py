"""The page as a browser reads it: elements close, anchors lead somewhere, text is text."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mpo.evaluation.showing.marking import captioned
from mpo.evaluation.showing.tables import markdown
from mpo.evaluation.telling import pictures
from mpo.evaluation.telling.page import FOLDED, report_html
from mpo.evaluation.telling.script import SCRIPT
from tests.evaluation.telling.test_report import SCRIPTS, SECTIONS, written

__all__ = ["written"]
EMPTY = {"meta", "img", "br", "hr"}
"""Elements that have no end."""


class Page(HTMLParser):
    """The elements of a page, each with its attributes, the elements around it and its text."""

    def __init__(self, page: str) -> None:
        """Read `page`. Raises AssertionError where an element ends that is not the last open."""
        super().__init__()
        self.open: list[dict] = []
        self.all: list[dict] = []
        self.feed(page)
        self.close()
        assert not self.open, f"{[each['tag'] for each in self.open]} do not end"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        around = [each["tag"] for each in self.open]
        self.all.append({"tag": tag, "around": around, "text": "", **dict(attrs)})
        if tag not in EMPTY:
            self.open.append(self.all[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1]["tag"] == tag, f"</{tag}> after {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for each in self.open:
            each["text"] += data

    def of(self, *tags: str) -> list[dict]:
        """The elements of some kind, in their order."""
        return [each for each in self.all if each["tag"] in tags]


def test_a_browser_would_find_nothing_to_mend(written: str, study_dir: Path):
    text = report_html(written, study_dir)
    html5lib.HTMLParser(strict=True).parse(SCRIPTS.sub("<script></script>", text))


@pytest.fixture
def page(written: str, study_dir: Path) -> Page:
    return Page(report_html(written, study_dir))


def test_every_anchor_resolves_and_every_section_is_in_the_contents(page: Page):
    anchors = [each["id"] for each in page.all if "id" in each]
    assert len(anchors) == len(set(anchors)), "two elements have one anchor"
    links = [each["href"] for each in page.of("a")]
    assert links == [f"#{anchor}" for anchor in anchors]
    assert [each["text"] for each in page.of("h2")] == SECTIONS
    assert [each["text"] for each in page.of("a")] == [x["text"] for x in page.of("h2", "h3")]


def test_no_text_is_swallowed_by_a_caption_or_an_emphasis(page: Page, written: str):
    captions = [each for each in page.all if each.get("class") == "caption"]
    lines = [line for line in written.split("\n") if line.startswith("*") and line[1] != "*"]
    assert len(captions) == len(lines)
    for each in captions:
        assert each["tag"] in ("p", "figcaption")
        assert f"*{each['text'][:30]}" in written.replace("\\", ""), "begins as in the report"
    assert not page.of("em"), "the report emphasises captions alone"
    for each in page.of("table", "h2", "figure"):
        assert not {"p", "em", "figcaption"} & {*each["around"]}, each["around"]


def test_what_few_readers_need_is_folded(page: Page):
    folded = [each["text"] for each in page.of("h2", "h3") if "summary" in each["around"]]
    assert set(folded) == set(FOLDED)
    assert all("open" not in each for each in page.of("details"))
    first = page.all.index(page.of("img")[0])
    assert page.of("details")[0] in page.all[first:], "the first figures are not folded"


def test_every_image_says_what_it_shows(page: Page):
    assert page.of("img")
    assert all(each["alt"].strip() for each in page.of("img"))


def test_every_table_is_in_a_box_that_scrolls(page: Page):
    for each in page.of("table"):
        assert each["around"][-1] == "div"
    boxes = [each for each in page.of("div") if each.get("class") == "scroll"]
    assert len(boxes) == len(page.of("table"))


def test_verdicts_are_marked_and_counted_as_badges(page: Page):
    badges = [each for each in page.of("table") if each.get("class") == "badges"]
    assert len(badges) == 1
    cells = [each for each in page.of("td") if "verdict" in (each.get("class") or "")]
    assert all(each["class"].endswith(each["text"].replace(" ", "_")) for each in cells[4:])
    counted = dict(zip(("supported", "refuted", "undecided"), cells[:3], strict=True))
    for verdict, badge in counted.items():
        assert int(badge["text"]) == sum(each["text"] == verdict for each in cells[4:])


TYPED = "<script>alert(1)</script> V* - Q* _so_ </td></table> <b>`x`</b> ![no](../no.png) & |"


def test_a_text_of_a_file_is_shown_as_it_was_typed(tmp_path: Path):
    cell = TYPED.replace("![no](../no.png) ", "")
    shown = markdown(pd.DataFrame({"claim": ["`a`"], "statement": [cell]}))
    page = Page(report_html(f"# A\n\n## B\n\n{shown}\n{captioned(cell)}\n\nAfter.\n", tmp_path))
    assert [each["text"] for each in page.of("script")] == [SCRIPT]
    assert not page.of("b", "em"), "a tag of a text is one of the page"
    assert page.of("td")[1]["text"].strip() == cell.replace("`", "")
    (caption,) = (each for each in page.all if each.get("class") == "caption")
    assert caption["text"] == cell.replace("`", "")
    assert [each["text"] for each in page.of("p")][-1] == "After."


def test_typed_text_leaves_a_page_that_needs_no_mending(tmp_path: Path):
    rows = markdown(
        pd.DataFrame({f"<i>{k}": [TYPED.replace("![no](../no.png) ", "")] for k in "ab"})
    )
    text = f"# {TYPED}\n\n## {TYPED}\n\n{rows}\n{captioned(TYPED)}\n\n{TYPED}\n"
    html5lib.HTMLParser(strict=True).parse(report_html(text, tmp_path))


def test_a_tag_in_the_markdown_is_text(tmp_path: Path):
    page = Page(report_html(f"# A\n\n<script>x</script>\n\n<div>\n\n{TYPED}\n", tmp_path))
    assert [each["text"] for each in page.of("script")] == [SCRIPT]
    assert not page.of("b", "div", "img")
    assert "<script>x</script>" in page.of("main")[0]["text"]
    assert "the picture no is missing" in page.of("main")[0]["text"]


def test_a_paragraph_with_an_emphasis_in_it_is_no_caption(tmp_path: Path):
    page = Page(report_html("# A\n\n*one* and *two*\n\n*one and two*\n", tmp_path))
    assert [each.get("class") for each in page.of("p")] == [None, "caption"]


def test_headings_of_the_same_words_have_their_own_anchors(tmp_path: Path):
    page = Page(report_html("# A\n\n## B c\n\n### B c\n\n## Ö*\n\n## !\n", tmp_path))
    assert [each["href"] for each in page.of("a")] == ["#b-c", "#b-c-2", "#ö", "#section"]
    assert page.of("h3")[0]["around"][-2:] == ["section", "section"]
    assert page.of("h2")[1]["around"].count("section") == 1


def test_two_pictures_without_captions_are_two_figures(tmp_path: Path):
    for name in "ab":
        (tmp_path / f"{name}.png").write_bytes(b"png")
    page = Page(report_html("![a](a.png)\n\n![b](b.png)\n\n*Of b.*\n\nText.\n", tmp_path))
    assert [each["text"].strip() for each in page.of("figure")] == ["", "Of b."]
    assert [each["text"] for each in page.of("p")] == ["Text."]


@pytest.mark.parametrize("animated", [False, True])
def test_a_picture_is_inlined_smaller_and_shows_the_same(tmp_path: Path, animated: bool):
    """A film may lose a little of its sharpness, a picture nothing."""
    draws = np.random.default_rng(0)
    frames = [
        Image.fromarray((draws.random((12, 160, 3)) * 255).astype("uint8")).resize((640, 480))
        for _ in range(2 if animated else 1)
    ]
    file = tmp_path / ("film.gif" if animated else "figure.png")
    frames[0].save(file, save_all=animated, append_images=frames[1:], duration=100)
    kind, _, text = pictures.inlined(file).partition(";base64,")
    assert kind == "data:image/webp"
    with Image.open(file) as was, Image.open(io.BytesIO(base64.b64decode(text))) as now:
        assert len(base64.b64decode(text)) < file.stat().st_size
        assert getattr(now, "n_frames", 1) == getattr(was, "n_frames", 1)
        shown = [np.asarray(each.convert("RGB"), dtype=float) for each in (was, now)]
    assert np.abs(shown[0] - shown[1]).mean() < (12 if animated else 1e-9)


def test_letters_are_as_large_in_one_figure_as_in_another(tmp_path: Path):
    drawing = Figure(figsize=(5, 2))
    for kind in ("png", "svg"):
        drawing.savefig(tmp_path / f"a.{kind}", dpi=pictures.DRAWN_DPI)
        assert pictures.width(tmp_path / f"a.{kind}") == 5 * pictures.SHOWN_DPI
    (tmp_path / "b.png").write_bytes(b"no picture")
    assert pictures.width(tmp_path / "b.png") is None
    shown = Page(report_html("![a](a.png)\n\n![b](b.png)\n", tmp_path)).of("img")
    assert [each.get("width") for each in shown] == ["540", None]


def test_a_picture_that_is_none_is_left_to_the_browser(tmp_path: Path):
    (tmp_path / "a.gif").write_bytes(b"no film")
    assert pictures.inlined(tmp_path / "a.gif") == "data:image/gif;base64,bm8gZmlsbQ=="


def test_numbers_do_not_break_but_their_intervals_may(tmp_path: Path):
    rows = "| a |\n| ---: |\n| 0.1 [-0.2, 0.3]† over b |\n| > 1,000 |\n"
    cells = Page(report_html(rows, tmp_path)).of("td")
    assert [each["text"] for each in cells] == [
        "0.1 [-0.2,\N{NO-BREAK SPACE}0.3]† over\N{NO-BREAK SPACE}b",
        ">\N{NO-BREAK SPACE}1,000",
    ]
    assert {each["class"] for each in cells} == {"number"}
