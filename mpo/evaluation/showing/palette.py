"""One colour, marker and line a variant, the same in every figure of every study.

Colours are Okabe and Ito's and Tol's "muted", told apart with any colour vision; markers and
lines tell variants apart in grey. The names that the project ships have their styles here; any
other name takes a style by its own spelling, so that adding a variant recolours none that was
there, unless two unlisted names meet, when the one later in the study moves on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple


class Style(NamedTuple):
    """How a variant is drawn: colour, marker, dash pattern of its line."""

    colour: str
    marker: str
    line: Any

    def of_line(self, **more: Any) -> dict[str, Any]:
        """Keyword arguments for `Axes.plot`."""
        return {"color": self.colour, "marker": self.marker, "linestyle": self.line, **more}


SOLID, DASHED, DOTTED, DASH_DOT = "-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (5, 1.4, 1.2, 1.4))

STYLES = {
    "paper": Style("#000000", "o", SOLID),
    "stable_dual": Style("#0072B2", "s", SOLID),
    "huber": Style("#E69F00", "^", DASHED),
    "td0": Style("#CC79A7", "v", DASH_DOT),
    "stabilised": Style("#D55E00", "D", SOLID),
    "improved_estep": Style("#009E73", "P", SOLID),
    "soft_estep": Style("#56B4E9", "X", DASHED),
    "converged_estep": Style("#882255", "*", DASH_DOT),
    "exact_dual": Style("#332288", "<", DASHED),
    "clipped": Style("#999933", ">", DASHED),
    "decoupled": Style("#117733", "p", DASH_DOT),
    "no_kl": Style("#AA4499", "h", DOTTED),
    "parametric": Style("#CC6677", "d", DOTTED),
    "seed_report": Style("#777777", "o", DOTTED),
    "seed_report_stable": Style("#44AA99", "s", DOTTED),
}

COLOURS = ["#0072B2", "#E69F00", "#CC79A7", "#D55E00", "#009E73", "#56B4E9", "#882255", "#332288"]
MARKERS = ["<", ">", "p", "h", "d", "8"]
SPARE = [
    Style(colour, MARKERS[(place + shift) % len(MARKERS)], line)
    for shift, line in enumerate([DOTTED, DASH_DOT, DASHED])
    for place, colour in enumerate(COLOURS)
]
"""Styles for names that are not in `STYLES`."""


def styles(variants: Sequence[str]) -> dict[str, Style]:
    """The style of each of `variants`, all of a study's, whatever a figure draws of them.

    Of some alone, an unlisted name might not find the style taken that it has moved on from.
    """
    chosen: dict[str, Style] = {}
    for variant in variants:
        if variant in STYLES:
            chosen[variant] = STYLES[variant]
            continue
        first = int.from_bytes(hashlib.sha256(variant.encode()).digest()[:4], "big")
        order = [SPARE[(first + step) % len(SPARE)] for step in range(len(SPARE))]
        free = [style for style in order if style not in chosen.values()]
        chosen[variant] = (free or order)[0]
    return chosen
