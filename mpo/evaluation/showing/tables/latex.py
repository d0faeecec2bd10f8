"""A table of text as LaTeX, with the rules of booktabs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

ESCAPED = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"$<$",
        ">": r"$>$",
        "|": r"$|$",
        "–": "--",
        "±": r"$\pm$",
        "†": r"\textdagger{}",
    }
)


def latex(shown: pd.DataFrame, right: Sequence[bool]) -> str:
    """`shown` as a tabular; columns marked in `right` stand to the right."""
    columns = "".join("r" if numeric else "l" for numeric in right)
    rows = [_line(row) for row in shown.itertuples(index=False)]
    lines = [
        r"% needs \usepackage{booktabs}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _line(shown.columns),
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _line(cells) -> str:
    return " & ".join(_cell(str(cell)) for cell in cells) + r" \\"


def _cell(text: str) -> str:
    """`text` with LaTeX's own characters escaped and Markdown's code as typewriter."""
    return re.sub(r"`([^`]*)`", r"\\texttt{\1}", text.translate(ESCAPED))
