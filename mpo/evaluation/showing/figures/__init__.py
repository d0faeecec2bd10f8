"""The figures of a study. Each is a module of this package, found by its name.

A module `figures/<name>.py` has three functions of `Frames`: `drawn` gives the numbers that the
figure shows, `figure` draws just those, `caption` says what they are, with n and the kind of
interval. Where a study has no such numbers `drawn` has no rows, and `ABSENT` says why. Adding a
figure is adding such a file and its name to the rules.
"""

from __future__ import annotations

import importlib
import io
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from PIL import Image

from mpo.evaluation.reading.frames import Frames, write_csv
from mpo.evaluation.showing.failures import Absent, Exhibit, attempt
from mpo.rundir import write_atomically

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": 9,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9.5,
    "figure.dpi": 150,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "savefig.dpi": 150,
    "svg.fonttype": "path",
    "svg.hashsalt": "mpo",
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}
METADATA = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}
"""Neither dates nor versions: the same frames give the same bytes."""


def names() -> list[str]:
    """The figures that can be drawn."""
    return sorted(
        path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__"
    )


def module(name: str) -> ModuleType:
    """The module of the figure `name`. Raises ValueError for a name that is none."""
    if name not in names():
        raise ValueError(f"figure {name!r} is not known; figures are {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")


def draw(name: str, frames: Frames) -> Figure:
    """The figure `name` of `frames`. Raises `Absent` where they hold nothing to draw."""
    if module(name).drawn(frames).empty:
        raise Absent(module(name).ABSENT)
    with matplotlib.rc_context(STYLE):
        return module(name).figure(frames)


def caption(name: str, frames: Frames) -> str:
    """One paragraph under the figure: what is drawn, n, and how intervals were made."""
    return module(name).caption(frames)


def write(name: str, frames: Frames, folder: Path) -> None:
    """Writes `<name>.png`, `<name>.svg` and, with the numbers drawn, `<name>.csv`.

    Raises `Absent` where there is nothing to draw.
    """
    drawing = draw(name, frames)
    with matplotlib.rc_context(STYLE):
        save(drawing, folder / name)
    write_csv(module(name).drawn(frames), folder / f"{name}.csv")


def make(name: str, frames: Frames, study_dir: Path) -> None:
    """The figure's files in `study_dir`, or the sentence that says why there is none."""
    files = tuple(f"figures/{name}.{kind}" for kind in ("svg", "png", "csv"))
    exhibit = Exhibit("figure", name, f"figure_{name}", files)
    attempt(exhibit, study_dir, lambda: write(name, frames, study_dir / "figures"))


def save(drawing: Figure, stem: Path) -> None:
    """Writes `<stem>.png` and `<stem>.svg`."""
    for kind, metadata in METADATA.items():
        content = io.BytesIO()
        drawing.savefig(content, format=kind, metadata=metadata)
        picture = _indexed(content) if kind == "png" else content.getvalue()
        write_atomically(stem.with_name(f"{stem.name}.{kind}"), picture)


def _indexed(png: io.BytesIO) -> bytes:
    """The same picture in 256 colours, which no eye tells from it, at a third of the size."""
    picture, smaller = Image.open(png).convert("RGB"), io.BytesIO()
    method, dither = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
    picture.quantize(256, method, kmeans=5, dither=dither).save(smaller, "png", optimize=True)
    return smaller.getvalue()
