"""How the time of an update grows with samples, states, action dimensions and runs at once."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from matplotlib.figure import Figure

from mpo.benchmark.subject import ACTION_SIZE, Subject, subject
from mpo.benchmark.updates import WARM_UPDATES, milliseconds
from mpo.study.entries import load_variants

SWEEPS: dict[str, tuple[int, ...]] = {
    "action_samples": (5, 10, 20, 40),
    "batch_size": (64, 128, 256, 512),
    "action_size": (1, 2, 4, 6, 12, 21),
    "runs": (1, 2, 4, 8, 16),
}
LABELS = {
    "action_samples": "action samples N",
    "batch_size": "states B",
    "action_size": "action dimensions A",
    "runs": "runs at once",
}
BLOCKS = 10


def warmed(variant: str, **changes: Any) -> Subject:
    """A learner on one thread, compiled, whose first updates are behind it."""
    torch.set_num_threads(1)
    made = subject(load_variants()[variant].settings, **changes)
    milliseconds(made.update, WARM_UPDATES)
    return made


def update_ms(made: Subject, updates: int) -> float:
    """The median over blocks of updates."""
    return statistics.median(milliseconds(made.update, updates) for _ in range(BLOCKS))


def side_by_side(variant: str, updates: int, runs: int, **changes: Any) -> float:
    """The mean over `runs` processes that update at the same time, `changes` to the settings.

    None begins before all are compiled, so that each meets all the others.
    """
    command = [sys.executable, "-m", __spec__.name, variant, str(updates), json.dumps(changes)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(runs)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return statistics.mean(float(process.communicate()[0]) for process in started)


def swept(variant: str, updates: int) -> Iterator[dict[str, Any]]:
    """A row a measurement: the variant, what is varied, its value, milliseconds an update.

    `forced_ms`, of runs at once, is what sharing this machine's cores forces on each.
    """
    cores, alone = torch.multiprocessing.cpu_count(), 0.0
    for name, values in SWEEPS.items():
        for value in values:
            row = {"variant": variant, "varied": name, "value": value}
            if name == "runs":
                found = side_by_side(variant, updates, value)
                alone = alone or found
                row["forced_ms"] = alone * max(1.0, value / cores)
            else:
                changes = {"action_size": ACTION_SIZE, name: value}
                found = update_ms(warmed(variant, **changes), updates)
            yield {**row, "update_ms": found}


def figure(rows: pd.DataFrame) -> Figure:
    """One panel for each quantity that is varied, the others at hopper's. Dotted: forced."""
    drawing = Figure(figsize=(10, 2.8), layout="constrained")
    axes = drawing.subplots(1, len(SWEEPS))
    colours = {name: f"C{place}" for place, name in enumerate(rows["variant"].unique())}
    for panel, name in zip(axes, SWEEPS, strict=True):
        for variant, mine in rows[rows["varied"] == name].groupby("variant", sort=False):
            colour = colours[str(variant)]
            panel.plot(mine["value"], mine["update_ms"], "o-", color=colour, label=variant)
            if mine["forced_ms"].notna().all():
                panel.plot(mine["value"], mine["forced_ms"], ":", color=colour)
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
    ready = warmed(sys.argv[1], **json.loads(sys.argv[3]))
    print("ready", flush=True)
    sys.stdin.readline()
    print(update_ms(ready, int(sys.argv[2])))
