"""The report's section on the theory, in Markdown, from the files that the other rules wrote."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mpo.evaluation.reading.frames import read_csv, read_text, write_text
from mpo.evaluation.showing.failures import Exhibit, attempt, in_place
from mpo.evaluation.showing.marking import captioned
from mpo.evaluation.showing.tables import markdown
from mpo.evaluation.showing.tables.cells import number
from mpo.theory import convergence, cycling, errata, figures

FILE = "theory/section.md"


def make(study_dir: Path) -> None:
    """The section's file, or in it the sentence that says why there is none."""
    exhibit = Exhibit("section", "theory", "theory_section", (FILE,))
    attempt(exhibit, study_dir, lambda: write_text(section(study_dir), study_dir / FILE))


def section(study_dir: Path) -> str:
    """Everything that was computed of the theory, with links relative to `study_dir`.

    A table or figure that could not be made has its sentence in its place.
    """
    parts = in_place("table", "errata", study_dir, lambda: _errata(study_dir))
    for name in figures.NAMES:
        parts += in_place("figure", name, study_dir, lambda name=name: _figure(name, study_dir))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _errata(study_dir: Path) -> list[str]:
    found = read_text(study_dir / "theory/errata.csv")
    return [_verdicts(found), errata.shown(found)]


def _verdicts(found: pd.DataFrame) -> str:
    confirmed = found.groupby("erratum", sort=False)["verdict"].agg(
        lambda verdicts: (verdicts == "confirmed").all()
    )
    return (
        f"Of {len(confirmed)} errata in the two papers {int(confirmed.sum())} are confirmed. An "
        "erratum is confirmed where, against a computation that knows nothing of the formula, the "
        "corrected form is within the tolerance and the printed one is off by more than a hundred "
        "times that. P1 is Abdolmaleki et al. 2018, SR the report of Chen et al. 2021."
    )


def _figure(name: str, study_dir: Path) -> list[str]:
    """The figure with its caption, and the tables that came of the same computation."""
    drawn = read_csv(study_dir / "figures" / f"{name}.csv")
    caption = figures.module(name).caption(drawn)
    shown = [f"![{name.replace('_', ' ')}](figures/{name}.png)\n\n{captioned(caption)}"]
    for table in figures.TABLES.get(name, ()):
        rows = read_csv(study_dir / "theory" / f"{table}.csv")
        shown += _TABLES[table](rows)
    return shown


def _iterations(rows: pd.DataFrame) -> list[str]:
    said = (
        f"Iterations until {100 * convergence.REACHED:g} % of the uniform policy's suboptimality "
        "is left, mean and standard error over processes, and on how many processes a backup got "
        "there earlier or later than `policy` did:"
    )
    shown = pd.DataFrame(
        {
            "sweeps an iteration": row["sweeps"],
            "backup": f"`{row['backup']}`",
            "iterations": f"{row['iterations']:.2f} ± {row['standard_error']:.2f}",
            "earlier": str(row["ahead"]),
            "later": str(row["behind"]),
            "processes": str(row["processes"]),
        }
        for row in rows.to_dict("records")
    )
    return [said, markdown(shown)]


def _cycling(rows: pd.DataFrame) -> list[str]:
    most = rows.groupby("backup", sort=False)["cycling"].agg(["min", "max"])
    improved, soft = most.loc["improved"], int(most["max"]["soft"])
    said = (
        f"Sweeps of a backup at a fixed temperature on {int(rows['processes'].iloc[0])} random "
        f"two-state processes at discount {cycling.DISCOUNT:g}: between {improved['min']} and "
        f"{improved['max']} never settle with `improved`, whose weights depend on Q, and "
        f"{f'at most {soft}' if soft else 'none'} with `soft`, which is a contraction:"
    )
    wide = rows.pivot(index="backup", columns="temperature", values="cycling")
    wide.columns = [f"η = {number(float(column), 2)}" for column in wide.columns]
    wide.index = pd.Index([f"`{name}`" for name in wide.index], name="never settle with")
    return [said, markdown(wide.reset_index().astype(str))]


_TABLES = {"iterations": _iterations, "cycling": _cycling}
