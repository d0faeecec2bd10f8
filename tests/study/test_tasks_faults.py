"""Faults of tasks.yaml: each is one line with file, path, value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.configuration import assert_one_line, config

__all__ = ["config"]

FAULTS = {
    # text to replace, its replacement, the one line that must come of it
    "infinite score": (
        "[0, 1000]",
        "[0, .inf]",
        "tasks.yaml: balance.score_range.1: Infinity is not allowed; it must be a finite number",
    ),
    "empty score range": (
        "[0, 1000]",
        "[5, 5]",
        "tasks.yaml: balance.score_range: [5, 5] is not allowed; the first number must be below "
        "the second",
    ),
    "slash in an alias": (
        "hop:",
        "hop/er:",
        "tasks.yaml: hop/er: 'hop/er' is not allowed; the name must be letters, digits, - and _ "
        "(no slash), since it names a folder, and not all, which stands for every task",
    ),
    "alias that stands for every task": (
        "hop:",
        "all:",
        "tasks.yaml: all: 'all' is not allowed; the name must be letters, digits, - and _ "
        "(no slash), since it names a folder, and not all, which stands for every task",
    ),
    "duplicate key": (
        "  steps: 100000\n",
        "  steps: 100000\n  steps: 5\n",
        "tasks.yaml: line 7: 'steps' is not allowed; the key stands there twice, first on line 6",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_with_file_path_value_and_what_is_allowed(fault: str, config: Path):
    assert_one_line(config / "tasks.yaml", *FAULTS[fault])
