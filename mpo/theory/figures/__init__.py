"""The figures of the theory, each a module of this package, found by its name.

A module `figures/<name>.py` has three functions: `compute` gives the numbers, `figure` draws just
those and `caption` says what they are, from the numbers alone, so that it can be written from the
CSV file without computing again.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import matplotlib
import pandas as pd

from mpo.evaluation.reading.frames import write_csv
from mpo.evaluation.showing.failures import Exhibit, attempt
from mpo.evaluation.showing.figures import STYLE, save

NAMES = ("appendix_sign", "overflow_map", "backups_order", "policy_iteration")
"""In the order of the report."""
TABLES = {"policy_iteration": ("iterations", "cycling")}
"""What else comes of a figure's computation, by figure."""


class Computed(NamedTuple):
    """The numbers that a figure shows, and tables that came of the same computation, by name."""

    drawn: pd.DataFrame
    tables: dict[str, pd.DataFrame]


def module(name: str) -> ModuleType:
    """The module of the figure `name`. Raises ValueError for a name that is none."""
    if name not in NAMES:
        raise ValueError(f"figure {name!r} is not known; figures are {', '.join(NAMES)}")
    return importlib.import_module(f"{__name__}.{name}")


def make(name: str, study_dir: Path) -> None:
    """What `write` writes, or the sentence that says why there is no such figure."""
    files = [f"figures/{name}.{kind}" for kind in ("svg", "png", "csv")]
    files += [f"theory/{table}.csv" for table in TABLES.get(name, ())]
    exhibit = Exhibit("figure", name, f"theory_{name}", tuple(files))
    attempt(exhibit, study_dir, lambda: write(name, study_dir))


def write(name: str, study_dir: Path) -> None:
    """Writes `figures/<name>.png`, `.svg`, `.csv` (the numbers drawn) and `theory/<table>.csv`."""
    computed: Computed = module(name).compute()
    folder = study_dir / "figures"
    with matplotlib.rc_context(STYLE):
        save(module(name).figure(computed.drawn), folder / name)
    write_csv(computed.drawn, folder / f"{name}.csv")
    for table, frame in computed.tables.items():
        write_csv(frame, study_dir / "theory" / f"{table}.csv")
