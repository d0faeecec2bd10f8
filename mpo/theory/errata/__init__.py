"""The errata of P1 and SR, one module each kind, and the table of all of them.

A module has one function `checks() -> list[Check]`. P1 is Abdolmaleki et al. 2018, "Maximum a
Posteriori Policy Optimisation" (arXiv 1806.06920); SR is Chen, Chin, Li and Chen 2021,
"Replication: Maximum a Posteriori Policy Optimisation".
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pandas as pd

from mpo.evaluation.reading.frames import write_csv, write_text
from mpo.evaluation.showing.failures import Exhibit, attempt
from mpo.evaluation.showing.tables import markdown
from mpo.theory.check import Check

MODULES = (
    "normaliser",
    "state_masses",
    "divergences",
    "retrace_discount",
    "fisher_prior",
    "stable_form",
    "inner_loop",
    "regularised_value",
)
"""In the order of the table, which is that of the errata's numbers."""

SHOWN = {
    "erratum": "no.",
    "source": "source",
    "printed": "printed",
    "correct": "correct",
    "quantity": "what is compared",
    "error_printed": "error as printed",
    "error_correct": "error as corrected",
    "tolerance": "tolerance",
    "independent_method": "against",
    "verdict": "verdict",
}
"""Columns of the table, and what a reader sees over them."""


def all_checks() -> list[Check]:
    """Every check of every module."""
    found = []
    for name in MODULES:
        found += importlib.import_module(f"{__name__}.{name}").checks()
    return found


def table() -> pd.DataFrame:
    """One row a check, errors with two significant digits, and those that are rounding as bounds.

    The last bits of such an error are the processor's: what is below a hundredth of the tolerance
    is said to be that.
    """
    rows = [
        {
            "erratum": check.erratum,
            "source": check.source,
            "printed": check.printed,
            "correct": check.correct,
            "quantity": check.quantity,
            "error_printed": _short(check.error_printed, check.tolerance),
            "error_correct": _short(check.error_correct, check.tolerance),
            "tolerance": f"{check.tolerance:g}",
            "independent_method": check.independent_method,
            "verdict": check.verdict,
        }
        for check in all_checks()
    ]
    return pd.DataFrame(rows)


def make(study_dir: Path) -> None:
    """`theory/errata.csv` and, for readers, `.md`, or the sentence that says why there are none."""
    files = ("theory/errata.csv", "theory/errata.md")

    def write() -> None:
        found = table()
        write_csv(found, study_dir / files[0])
        write_text(shown(found), study_dir / files[1])

    attempt(Exhibit("table", "errata", "theory_errata", files), study_dir, write)


def shown(found: pd.DataFrame) -> str:
    """The table of errata in Markdown, formulas as code."""
    quoted = found.assign(
        printed="`" + found["printed"] + "`", correct="`" + found["correct"] + "`"
    )
    return markdown(quoted[list(SHOWN)].rename(columns=SHOWN).astype(str))


def _short(error: float, tolerance: float) -> str:
    if 0 < error < (bound := tolerance / 100):
        return f"< {bound:.0e}"
    return f"{error:.0f}" if error >= 100 else f"{error:.2g}"
