"""Commands as they are given, and the one line that a faulty one says."""

import json
from pathlib import Path
from typing import Any

import pytest

from mpo.__main__ import main


def train(folder: Path, fields: dict[str, Any], *more: str) -> list[str]:
    given = ["train", "--task", "toy", "--variant", "v", "--settings", json.dumps(fields)]
    return [*given, "--out", str(folder / "out"), "--state", str(folder / "state"), *more]


def fault(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a faulty command says."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, said.err
    return lines[0]
