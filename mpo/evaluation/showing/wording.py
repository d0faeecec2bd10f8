"""Counts, lists and names as captions, titles and sentences have them."""

from __future__ import annotations

from collections.abc import Iterable

from mpo.evaluation.reading.manifest import ALL


def count(number: int, word: str) -> str:
    """Such as "1 run" or "3 runs"."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def listed(names: Iterable[str]) -> str:
    """Such as "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def named(task: str) -> str:
    """A task's name, or what `ALL` stands for."""
    return "all tasks" if task == ALL else task
