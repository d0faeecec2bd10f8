"""Text as Markdown: escaped where it is put in, so that no name or caption marks up its page.

Code in backticks stays code. Everything else that Markdown or HTML would read as a mark is shown
as it was typed, be it from a caption, a name or a study's YAML.
"""

from __future__ import annotations

import re

CODE = re.compile(r"(`[^`]*`)")
MARKS = re.compile(
    r"[*`]"  # emphasis, and a backtick that has no other
    r"|\\(?=[!-/:-@\[-`{-~])"  # an escape
    r"|<(?=[A-Za-z/!?])"  # a tag
    r"|(?<![^\W_])_|_(?![^\W_])"  # emphasis, but no name_like_this
)


def plain(text: str) -> str:
    """`text` with its marks escaped; code in backticks is left as it is."""
    pieces = CODE.split(text)
    return "".join(
        piece if code else MARKS.sub(r"\\\g<0>", piece)
        for piece, code in zip(pieces, [False, True] * len(pieces), strict=False)
    )


def captioned(text: str) -> str:
    """`text` as a caption: a paragraph that is emphasised as a whole, and nothing within it."""
    return f"*{plain(text.strip())}*"
