"""How the time of an update grows with samples, states, action dimensions and runs at once."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from matplotlib.figure import Figure

from mpo.benchmark.subject import ACTION_SIZE, Subject
from mpo.benchmark.updates import WARM_UPDATES, milliseconds

SWEEPS: dict[str, tuple[int, ...]] = {
    "action_samples": (5, 10, 20, 40),
    "batch_size": (64, 128, 256, 512),
    "action_size": (1, 2, 4, 6, 12, 21),
    "runs": (1, 2, 4),
}
LABELS = {
    "action_samples": "action samples N",
    "batch_size": "states B",
    "action_size": "action dimensions A",
    "runs": "runs at once",
}
BLOCKS = 10


def update_ms(variant: str, updates: int, **changes: Any) -> float:
    """The median over blocks of updates, compiled, on one thread."""
    torch.set_num_threads(1)
    subject = Subject(variant, **changes)
    milliseconds(subject.update, WARM_UPDATES)
    return statistics.median(milliseconds(subject.update, updates) for _ in range(BLOCKS))


def side_by_side(variant: str, updates: int, runs: int) -> float:
    """The mean over `runs` processes that update at the same time."""
    command = [sys.executable, "-m", __spec__.name, variant, str(updates)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(runs)]
    return statistics.mean(float(process.communicate()[0]) for process in started)


def swept(variant: str, updates: int) -> Iterator[dict[str, Any]]:
    """A row a measurement: the variant, what is varied, its value, milliseconds an update."""
    for name, values in SWEEPS.items():
        for value in values:
            if name == "runs":
                found = side_by_side(variant, updates, value)
            else:
                changes = {"action_size": ACTION_SIZE, name: value}
                found = update_ms(variant, updates, **changes)
            yield {"variant": variant, "varied": name, "value": value, "update_ms": found}


def figure(rows: pd.DataFrame) -> Figure:
    """One panel for each quantity that is varied, the others at hopper's."""
    drawing = Figure(figsize=(10, 2.8), layout="constrained")
    axes = drawing.subplots(1, len(SWEEPS))
    colours = {name: f"C{place}" for place, name in enumerate(rows["variant"].unique())}
    for panel, name in zip(axes, SWEEPS, strict=True):
        for variant, mine in rows[rows["varied"] == name].groupby("variant", sort=False):
            colour = colours[str(variant)]
            panel.plot(mine["value"], mine["update_ms"], "o-", color=colour, label=variant)
        panel.set_xlabel(LABELS[name])
        panel.set_xlim(left=0)
        panel.set_ylim(0, 1.08 * panel.dataLim.y1)
        panel.grid(alpha=0.3)
    axes[0].set_ylabel("ms an update")
    axes[0].legend(frameon=False)
    return drawing


def write(rows: pd.DataFrame, stem: Path) -> None:
    """`stem`.csv, .png and .svg."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(stem.with_suffix(".csv"), index=False, float_format="%.4g", lineterminator="\n")
    drawing = figure(rows)
    for kind in (".png", ".svg"):
        drawing.savefig(stem.with_suffix(kind), dpi=150)


if __name__ == "__main__":
    print(update_ms(sys.argv[1], int(sys.argv[2])))
