"""Text in Markdown: whatever it says, a reader of the page sees just that."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mpo.evaluation.showing.marking import captioned, plain

PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("V* - V^π, and Q* too", r"V\* - V^π, and Q\* too"),
        ("by `V* - V` alone", "by `V* - V` alone"),
        ("a name_like_this and C_μ", "a name_like_this and C_μ"),
        ("_not_ emphasis", r"\_not\_ emphasis"),
        ("<script>alert(1)</script>", r"\<script>alert(1)\</script>"),
        ("p <= 0.05, a < b", "p <= 0.05, a < b"),
        ("one ` alone", r"one \` alone"),
        (r"\* typed so", r"\\\* typed so"),
    ],
)
def test_marks_are_escaped_and_code_is_left(text: str, escaped: str):
    assert plain(text) == escaped
    shown = PARSER.renderInline(escaped)
    assert html.unescape(shown).replace("<code>", "`").replace("</code>", "`") == text


@given(st.text(alphabet="ab *_`\\<>/!πη1-", max_size=20))
def test_a_caption_is_one_emphasis_and_says_the_text(text: str):
    words = f"A {text} b".replace("`", "")
    (paragraph,) = PARSER.render(captioned(words)).splitlines()
    assert paragraph.startswith("<p><em>A ")
    assert paragraph.endswith(" b</em></p>")
    assert html.unescape(paragraph)[7:-9] == words
    assert paragraph.count("<em>") == 1 and "<strong>" not in paragraph
