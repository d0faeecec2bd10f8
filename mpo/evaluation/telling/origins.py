"""Where the runs of a report were trained: machines, versions, and runs that changed machines."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.inventory import MOVED
from mpo.evaluation.showing.marking import plain
from mpo.evaluation.showing.wording import count


def told(frames: Frames) -> list[str]:
    """Paragraphs: each kind of machine and of versions with its number of runs, then the moved."""
    runs = frames.runs
    machines = runs["machine"].map(json.loads)
    moved = machines.map(lambda machine: machine.pop(MOVED, None))
    paragraphs = [
        *_kinds("Machine", machines),
        *_kinds("Versions", runs["versions"].map(json.loads)),
    ]
    rows = runs.assign(moved=moved)[moved.notna()].to_dict("records")
    if rows:
        paragraphs.append(
            "Resumed on another kind of processor, after which equal bytes cannot be promised if "
            f"they are trained again: {'; '.join(map(_journey, rows))}."
        )
    return paragraphs


def _kinds(title: str, values: pd.Series) -> list[str]:
    """A paragraph for each mapping that there is among `values`, in the order of the runs."""
    texts = values.map(lambda value: "; ".join(f"{key} {_word(it)}" for key, it in value.items()))
    return [
        f"{title} of {count(len(same), 'run')}: {plain(str(text)) or 'not recorded'}."
        for text, same in texts.groupby(texts, sort=False)
    ]


def _journey(row: dict[Any, Any]) -> str:
    """From which step on which processor computed a run."""
    name = plain(f"{row['task']}, {row['variant']}, seed {row['seed']}")
    parts = (f"from step {part['step']:,} on {plain(part['processor'])}" for part in row["moved"])
    return f"{name} ({', '.join(parts)})"


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
