"""How computed frames are written, and all of a study's computed frames read back together.

Numbers have six significant digits, since the last bits differ between processors, and lines end
in a bare newline: the same logs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mpo.evaluation.reading.manifest import Manifest, read_manifest
from mpo.rundir import write_atomically

DIGITS = 6
FRAMES = {
    "scores": "scores.csv",
    "curves": "curves.csv",
    "diagnostics": "diagnostics.csv",
    "runs": "runs.csv",
    "published": "published.csv",
    "aggregate": "estimates/aggregate.csv",
    "by_task": "estimates/by_task.csv",
    "curve_estimates": "estimates/curves.csv",
    "improvement": "estimates/improvement.csv",
    "profiles": "estimates/profiles.csv",
}
"""Name in `Frames`, and file in the study's folder."""
WORDS = (
    *("study", "task", "variant", "base", "metric", "status", "backup", "undone", "varied"),
    *("divergence_what", "divergence_where", "settings_digest", "code_digest", "commit"),
    *("settings", "machine", "versions", "algorithm", "source", "claim", "statement", "family"),
    *("test", "first", "second", "where", "over", "direction", "verdict", "note"),
    *("field", "setting"),
)
"""Columns of names and texts, whatever frame they stand in; the others hold numbers."""


@dataclass(frozen=True)
class Frames:
    """What was computed of a study: what figures, tables and the report are functions of."""

    manifest: Manifest
    scores: pd.DataFrame
    curves: pd.DataFrame
    diagnostics: pd.DataFrame
    runs: pd.DataFrame
    published: pd.DataFrame
    aggregate: pd.DataFrame
    by_task: pd.DataFrame
    curve_estimates: pd.DataFrame
    improvement: pd.DataFrame
    profiles: pd.DataFrame


def read_frames(study_dir: str | Path) -> Frames:
    """The computed frames of the study in `study_dir`."""
    study_dir = Path(study_dir)
    frames = {name: read_csv(study_dir / file) for name, file in FRAMES.items()}
    return Frames(read_manifest(study_dir), **frames)


def read_csv(path: Path) -> pd.DataFrame:
    """The frame in `path`: words as they were written, `NA` and `007` too; empty cells are NaN."""
    words: dict[Hashable, Any] = dict.fromkeys(WORDS, str)
    return pd.read_csv(path, dtype=words, keep_default_na=False, na_values=[""])


def read_text(path: Path) -> pd.DataFrame:
    """The table in `path`, every cell as the text that stands there."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Writes `frame` with six significant digits and no index, atomically."""
    text = frame.to_csv(index=False, float_format=f"%.{DIGITS}g", lineterminator="\n")
    write_text(text, path)


def write_text(text: str, path: Path) -> None:
    """Writes `text` as UTF-8, atomically: a reader sees the old file or the new one."""
    write_atomically(path, text.encode("utf-8"))
