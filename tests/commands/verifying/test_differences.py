"""Where two files of a run begin to differ is named: row, place and cell, or tensor and entry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from mpo.commands.verifying.differences import first_difference

TABLE = "step,updates,loss\n40,8,0.5\n80,16,\n120,24,0.25\n"


def told(tmp_path: Path, then: str, now: str, name: str = "training.csv") -> str | None:
    files = [tmp_path / folder / name for folder in ("then", "now")]
    for file, text in zip(files, (then, now), strict=True):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, newline="")
    return first_difference(*files)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (TABLE, None),
        (TABLE.replace("0.25", "0.125"), "row 3 (step 120, updates 24): loss 0.25 then, 0.125 now"),
        (TABLE.replace("16,", "16,1"), "row 2 (step 80, updates 16): loss empty then, 1 now"),
        (
            TABLE.replace("40,8,0.5", "40,9,0.75"),
            "row 1 (step 40, updates 8): updates 8 then, 9 now, and 1 more",
        ),
        (TABLE[:-12], "row 3 (step 120, updates 24): there then only"),
        (TABLE + "160,32,1\n", "row 4 (step 160, updates 32): there now only"),
        (
            TABLE.replace("24,0.25", "24"),
            "row 3 (step 120, updates 24): loss 0.25 then, nothing now",
        ),
        (
            TABLE.replace("loss", "cost"),
            "its columns: step,updates,loss then, step,updates,cost now",
        ),
        ("", "its columns: step,updates,loss then,  now"),
        (TABLE.replace("\n", "\r\n"), "its line ends"),
    ],
)
def test_the_first_row_of_a_table(tmp_path: Path, now: str, said: str | None):
    assert told(tmp_path, TABLE, now) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda at: None, None),
        (lambda at: at["head"].__setitem__((1, 0), 7.0), "head, entry 2: 2.0 then, 7.0 now"),
        (lambda at: at["body"].__setitem__(0, np.nan), "body, entry 0: 0.0 then, nan now"),
        (lambda at: at.pop("body"), "body is float32 (3,) then, missing now"),
        (
            lambda at: at.update(body=np.zeros(4, np.float32)),
            "body is float32 (3,) then, float32 (4,) now",
        ),
    ],
)
def test_the_first_entry_of_a_policy(tmp_path: Path, change, said: str | None):
    files = [tmp_path / folder / "policy.safetensors" for folder in ("then", "now")]
    for file, does in zip(files, (lambda at: None, change), strict=True):
        tensors = {
            "body": np.zeros(3, np.float32),
            "head": np.arange(4, dtype=np.float32).reshape(2, 2),
        }
        does(tensors)
        file.parent.mkdir()
        save_file(tensors, file)
    assert first_difference(*files) == said


def test_what_a_policy_says_beside_its_tensors(tmp_path: Path):
    files = [tmp_path / folder / "policy.safetensors" for folder in ("then", "now")]
    for file, settings in zip(files, ("{}", '{"steps": 1}'), strict=True):
        file.parent.mkdir()
        save_file({"body": np.zeros(3, np.float32)}, file, {"settings": settings})
    assert first_difference(*files) == "what it says of its settings differs"
