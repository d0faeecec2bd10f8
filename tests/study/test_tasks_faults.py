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
    "keyword arguments that are none": (
        "score_range",
        "kwargs: [3]\n  score_range",
        "tasks.yaml: balance.kwargs: [3] is not allowed; it must be a mapping from names of "
        "keyword arguments to plain values, or null",
    ),
    "wrapper without a module": (
        "score_range",
        "wrappers: [{wrapper: ClipReward}]\n  score_range",
        "tasks.yaml: balance.wrappers.0.wrapper: 'ClipReward' is not allowed; it must be a "
        "wrapper's module and class, as gymnasium.wrappers:ClipReward",
    ),
    "misspelt key of a wrapper": (
        "score_range",
        "wrappers: [{wrapper: 'a:B', kwarg: {}}]\n  score_range",
        "tasks.yaml: balance.wrappers.0.kwarg: {} is not allowed; there is no such key; did you "
        "mean kwargs? ",
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
