"""Where two files of a run begin to differ, in words."""

from __future__ import annotations

import csv
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from mpo.rundir import POLICY

PLACES = ("step", "updates", "episode")
"""Columns that say which row it is."""


def first_difference(then: Path, now: Path) -> str | None:
    """The first row of a table, or tensor of a policy, that differs; None where all bytes agree.

    Raises OSError where one of them cannot be read.
    """
    if then.read_bytes() == now.read_bytes():
        return None
    return _tensor(then, now) if then.name == POLICY else _row(then, now)


def _row(then: Path, now: Path) -> str:
    with then.open(newline="") as before, now.open(newline="") as after:
        pairs = enumerate(zip_longest(csv.reader(before), csv.reader(after)))
        _, (columns, others) = next(pairs, (0, ([], [])))
        if columns != others:
            return f"its columns: {','.join(columns or [])} then, {','.join(others or [])} now"
        for number, (old, new) in pairs:
            if old != new:
                return f"row {number}{_place(columns, old or new)}: {_cells(columns, old, new)}"
    return "its line ends"


def _place(columns: list[str], row: list[str] | None) -> str:
    cells = dict(zip(columns, row or [], strict=False))
    told = ", ".join(f"{name} {cells[name]}" for name in PLACES if name in cells)
    return f" ({told})" if told else ""


def _cells(columns: list[str], old: list[str] | None, new: list[str] | None) -> str:
    if old is None or new is None:
        return f"there {'now' if old is None else 'then'} only"
    unlike = [
        f"{name} {a or 'empty'} then, {b or 'empty'} now"
        for name, a, b in zip_longest(columns, old, new, fillvalue="nothing")
        if a != b
    ]
    more = f", and {len(unlike) - 1} more" if len(unlike) > 1 else ""
    return f"{unlike[0]}{more}"


def _tensor(then: Path, now: Path) -> str:
    from safetensors.numpy import load_file

    old, new = load_file(then), load_file(now)
    for name in dict.fromkeys([*old, *new]):
        a, b = old.get(name), new.get(name)
        if a is None or b is None or a.shape != b.shape or a.dtype != b.dtype:
            return f"{name} is {_made(a)} then, {_made(b)} now"
        if a.tobytes() != b.tobytes():
            bits = f"u{a.itemsize}"  # as which nothing equals another, and NaN itself
            place = int(np.flatnonzero(a.ravel().view(bits) != b.ravel().view(bits))[0])
            return f"{name}, entry {place}: {a.ravel()[place]} then, {b.ravel()[place]} now"
    return "what it says of its settings differs"


def _made(tensor: Any) -> str:
    return "missing" if tensor is None else f"{tensor.dtype} {tensor.shape}"
