"""Published scores, read from `config/published.csv` and checked line by line.

Columns: task (an alias of tasks.yaml), algorithm, source, steps (control steps), n (runs), return
(mean of an episode), and, where the source gives them, low and high of its interval and the
deviation over its runs.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mpo.study.entries import CONFIG, load_tasks
from mpo.study.yaml_files import ConfigError, suggestion


def load_published(file: Path | str = CONFIG / "published.csv") -> list[dict[str, Any]]:
    """The rows of the file, numbers as numbers. Raises `ConfigError` for the first fault."""
    file = Path(file)
    tasks = load_tasks()
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if reader.fieldnames != list(COLUMNS):
            raise ConfigError(file, "line 1", reader.fieldnames, f"the columns {','.join(COLUMNS)}")
        rows = []
        for row in reader:
            where = f"line {reader.line_num}"
            if row["task"] not in tasks:
                allowed = suggestion(row["task"], tasks, "task")
                raise ConfigError(file, f"{where}.task", row["task"], allowed)
            rows.append({name: _value(file, where, name, row[name]) for name in COLUMNS})
    return rows


def _value(file: Path, where: str, name: str, text: str | None) -> Any:
    convert, allowed = COLUMNS[name]
    try:
        return convert(text or "")
    except ValueError:
        raise ConfigError(file, f"{where}.{name}", text, allowed) from None


def _text(text: str) -> str:
    if not text:
        raise ValueError
    return text


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)


def _number(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError
    return float(text)


def _optional(text: str) -> float:
    return _number(text) if text else math.nan


COLUMNS: dict[str, tuple[Callable[[str], Any], str]] = {
    "task": (_text, "a task's alias"),
    "algorithm": (_text, "a name"),
    "source": (_text, "where the score is from"),
    "steps": (_count, "control steps, an integer of at least 1"),
    "n": (_count, "runs, an integer of at least 1"),
    "return": (_number, "a finite number"),
    "low": (_optional, "a finite number, or nothing"),
    "high": (_optional, "a finite number, or nothing"),
    "deviation": (_optional, "a finite number, or nothing"),
}
"""Each column's meaning, and what is allowed in it."""
