"""A run's rows as TensorBoard shows them: an event file, while it is trained or afterwards.

TensorBoard is optional, and imported where a file is opened; `pip install 'mpo[tensorboard]'`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from mpo.rundir.files import EVALUATION_COLUMNS, TIMING_COLUMNS, TRAINING_COLUMNS

FILE = "events.out.tfevents.0.mpo"
"""One a run, written anew by whoever begins; TensorBoard knows it by `tfevents`."""
MISSING = "tensorboard is not installed; pip install 'mpo[tensorboard]' mends it"
Rows = Sequence[Mapping[str, float]]


class Events:
    """The event file in a folder. Raises ValueError where TensorBoard is missing, or OSError."""

    def __init__(self, folder: Path) -> None:
        """Begin it, in place of one that is there."""
        try:
            from tensorboard.compat.proto.event_pb2 import Event  # type: ignore[import-not-found]
            from tensorboard.summary.writer.record_writer import RecordWriter  # type: ignore[import-not-found]
        except ImportError:
            raise ValueError(MISSING) from None
        folder.mkdir(parents=True, exist_ok=True)
        self._event: Any = Event
        self._writer: Any = RecordWriter((folder / FILE).open("wb"))
        self._written = [0, 0, 0]
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def update(self, evaluations: Rows, training: Rows, timing: Rows) -> None:
        """Add those rows of a run's three tables that it does not hold yet; they only ever grow."""
        tables = evaluations, training, timing
        new = [rows[done:] for rows, done in zip(tables, self._written, strict=True)]
        self._written = [len(rows) for rows in tables]
        for step, name, value in scalars(*new):
            event = self._event(wall_time=time.time(), step=step)
            event.summary.value.add(tag=name, simple_value=value)
            self._write(event)
        self._writer.flush()

    def _write(self, event: Any) -> None:
        self._writer.write(event.SerializeToString())

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


def scalars(evaluations: Rows, training: Rows, timing: Rows) -> Iterator[tuple[int, str, float]]:
    """Control step, name and value of all that the rows say: of an evaluation, the means."""
    for step, rows in groupby(evaluations, key=lambda row: row["step"]):
        episodes = list(rows)
        for name in EVALUATION_COLUMNS[2:]:
            yield from _named(step, f"evaluation/{name}", _mean(row[name] for row in episodes))
    for table, rows, columns in (
        ("training", training, TRAINING_COLUMNS[1:]),
        ("timing", timing, TIMING_COLUMNS[2:]),
    ):
        for row in rows:
            for name in columns:
                yield from _named(row["step"], f"{table}/{name}", row.get(name, math.nan))


def _named(step: float, name: str, value: float) -> Iterator[tuple[int, str, float]]:
    if not math.isnan(value):
        yield int(step), name, float(value)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
