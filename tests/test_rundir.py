"""The files of a run: written whole, in a form that reads back the same."""

import csv
import json
import math
import os
from pathlib import Path

import pytest

from mpo import rundir
from mpo.rundir import is_complete, json_bytes, table, write_atomically


def test_floats_read_back_the_same_and_nan_is_an_empty_cell() -> None:
    row = {"a": 0.1 + 0.2, "b": 3, "c": math.nan, "d": 1e-300, "e": math.inf}
    content = table(list(row), [row]).decode()
    assert content == "a,b,c,d,e\n0.30000000000000004,3,,1e-300,inf\n"
    (read,) = csv.DictReader(content.splitlines())
    assert float(read["a"]) == row["a"]
    assert float(read["d"]) == row["d"]


def test_a_missing_column_is_a_fault_and_a_further_one_is_left_out() -> None:
    with pytest.raises(KeyError, match="b"):
        table(("a", "b"), [{"a": 1.0}])
    assert table(("a",), [{"a": 1.0, "b": 2.0}]) == b"a\n1.0\n"


def test_json_ends_in_a_newline_and_refuses_nan() -> None:
    assert json.loads(json_bytes({"a": [1, None]})) == {"a": [1, None]}
    assert json_bytes({}).endswith(b"\n")
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_bytes({"a": math.nan})


def test_write_makes_folders_and_replaces(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "folder" / "file.csv"
    write_atomically(file, b"one")
    write_atomically(file, b"two")
    assert file.read_bytes() == b"two"
    assert [path.name for path in file.parent.iterdir()] == ["file.csv"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file.csv"
    write_atomically(file, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file.csv"]


def complete(folder: Path) -> None:
    for name in rundir.RUN_FILES:
        write_atomically(folder / name, b"")
    digests = {"settings_digest": "s", "code_digest": "c"}
    write_atomically(folder / rundir.RUN, json_bytes(digests))


def test_complete_means_every_file_and_both_digests(tmp_path: Path) -> None:
    assert not is_complete(tmp_path, "s", "c")
    complete(tmp_path)
    assert is_complete(tmp_path, "s", "c")
    assert not is_complete(tmp_path, "x", "c")
    assert not is_complete(tmp_path, "s", "x")
    assert is_complete(tmp_path, "s", "x", "c")


@pytest.mark.parametrize("name", rundir.RUN_FILES)
def test_a_missing_file_is_seen(tmp_path: Path, name: str) -> None:
    complete(tmp_path)
    (tmp_path / name).unlink()
    assert not is_complete(tmp_path, "s", "c")


def test_a_broken_description_is_not_complete(tmp_path: Path) -> None:
    complete(tmp_path)
    (tmp_path / rundir.RUN).write_text("{")
    assert not is_complete(tmp_path, "s", "c")


def test_the_code_of_a_run_is_told_whatever_is_known_of_it() -> None:
    installed = {"commit": None, "version": "0.1.0", "package_digest": "0123456789abcdef"}
    cases = [
        ({"git": {"commit": "abc", "dirty": False}}, "commit abc"),
        ({"git": {"commit": "abc", "dirty": True}}, "commit abc with changes"),
        ({"git": installed}, "mpo 0.1.0 (digest 0123456789ab)"),
        ({"git": installed | {"version": None}}, "mpo of no version (digest 0123456789ab)"),
        ({"git": {"commit": None, "dirty": None, "why": "no git"}}, "code that it does not name"),
        ({"git": None}, "code that it does not name"),
        ({}, "code that it does not name"),
    ]
    for run, told in cases:
        assert rundir.trained_by(run) == told, run


def test_columns_are_distinct() -> None:
    for columns in (rundir.EVALUATION_COLUMNS, rundir.TRAINING_COLUMNS, rundir.TIMING_COLUMNS):
        assert len(set(columns)) == len(columns)
        assert columns[0] == "step"
