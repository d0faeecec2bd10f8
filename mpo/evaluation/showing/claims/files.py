"""The claims table of a study: written from its frames and errata, and read back as a section."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mpo.evaluation.claims.claim import Claim, claims_of
from mpo.evaluation.claims.judging import NOT_RUN, judge, powerless
from mpo.evaluation.reading.frames import read_csv, read_frames, write_text
from mpo.evaluation.showing import tables
from mpo.evaluation.showing.claims.shown import (
    brief,
    caption,
    counted,
    said_powerless,
    said_undecided,
    shown,
    tests,
    verdicts,
)
from mpo.evaluation.showing.exhibits import made, required
from mpo.evaluation.showing.failures import Exhibit, attempt, sentence_for
from mpo.evaluation.showing.marking import captioned

NAME = "claims"


def write(claims: list[Claim], study_dir: Path) -> None:
    """Judges the study's own claims and `claims`; writes `tables/claims.*`, `claims_section.md`."""
    frames, errata = read_frames(study_dir), study_dir / "theory/errata.csv"
    claims = [*claims_of(frames.manifest.claims), *claims]
    computed = errata.exists() and sentence_for("table", "errata", study_dir) is None
    rows = judge(claims, frames, read_csv(errata) if computed else None)
    tables.write_files(NAME, rows, shown(rows), study_dir / "tables")
    ran = {*rows.loc[rows["verdict"] != NOT_RUN, "claim"]}
    few = powerless([claim for claim in claims if claim.id in ran], frames.manifest)
    parts = [counted(rows), said_powerless(few)]
    if ran:
        parts += [tables.markdown(each) for each in (verdicts(rows), tests(rows))]
        parts.append(captioned(caption(frames)))
    text = "\n\n".join(part.strip() for part in parts if part)
    write_text(f"{text}\n", study_dir / "tables" / f"{NAME}_section.md")


def make(claims: list[Claim], study_dir: Path) -> None:
    """The claims' files in `study_dir`, or the sentence that says why there are none."""
    files = tuple(f"tables/{NAME}{end}" for end in (".csv", ".md", ".tex", "_section.md"))
    attempt(Exhibit("table", NAME, NAME, files), study_dir, lambda: write(claims, study_dir))


def section(study_dir: Path) -> str:
    """What the report says of the claims. Raises `ReportError` where they were not judged."""
    path = study_dir / "tables" / f"{NAME}_section.md"
    required(path, f"python workflow/scripts/claims.py config/claims.yaml {study_dir}")
    return path.read_text(encoding="utf-8")


def judged(study_dir: Path) -> pd.DataFrame | None:
    """The rows of the claims' table, also those not run; None where no claim was to be judged.

    Raises `ReportError` where they could not be.
    """
    path = study_dir / "tables" / f"{NAME}.csv"
    made("table", NAME, study_dir)
    return read_csv(path) if path.exists() else None


def in_short(study_dir: Path) -> str:
    """Verdicts alone, for a README, of the claims that the study has runs of.

    Raises `ReportError` where they were not judged.
    """
    path = study_dir / "tables" / f"{NAME}.csv"
    made("table", NAME, study_dir)
    required(path, f"python workflow/scripts/claims.py config/claims.yaml {study_dir}")
    rows = read_csv(path)
    parts = [counted(rows), said_undecided(rows), tables.markdown(brief(rows))]
    return "\n\n".join(filter(None, parts))
