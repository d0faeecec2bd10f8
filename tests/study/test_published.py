"""The file of published scores: what is shipped, and what a fault in it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpo.study.published import COLUMNS, load_published
from mpo.study.yaml_files import ConfigError

HEAD = ",".join(COLUMNS)
ROW = "hopper-stand,SAC,somewhere,1000000,3,924,891,944,"


def test_the_shipped_file_is_whole():
    rows = load_published()
    assert {"cartpole-balance", "hopper-stand", "cheetah-run"} <= {row["task"] for row in rows}
    assert all(row["low"] != row["low"] or row["low"] <= row["return"] for row in rows)
    assert all(0 <= row["return"] <= 1000 for row in rows)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("hopper-stand", "hopper-sit", r"line 2\.task.*hopper-sit.*hopper-stand"),
        ("1000000", "1e6", r"line 2\.steps.*1e6.*integer of at least 1"),
        (",3,", ",0,", r"line 2\.n.*0.*at least 1"),
        ("924", "nan", r"line 2\.return.*nan.*finite number"),
        ("891", "low", r"line 2\.low.*low.*finite number, or nothing"),
        ("SAC", "", r"line 2\.algorithm"),
        ("task,algorithm", "task,code", r"line 1.*the columns task,algorithm"),
    ],
)
def test_a_fault_is_named_with_line_and_column(tmp_path: Path, old: str, new: str, said: str):
    file = tmp_path / "published.csv"
    file.write_text(f"{HEAD}\n{ROW}\n".replace(old, new, 1))
    with pytest.raises(ConfigError, match=said):
        load_published(file)


def test_a_good_row_is_read_with_its_numbers(tmp_path: Path):
    file = tmp_path / "published.csv"
    file.write_text(f"{HEAD}\n{ROW}\n")
    (row,) = load_published(file)
    assert (row["steps"], row["n"], row["return"], row["high"]) == (1_000_000, 3, 924.0, 944.0)
    assert row["deviation"] != row["deviation"]
