"""Pages with numbers in them are made of files, and are current."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from mpo.yaml_files import PROJECT


def test_the_page_on_tuning_shows_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    page = PROJECT / "docs/tuning.md"
    written: dict[Path, str] = {}
    monkeypatch.setattr(sys, "argv", ["tuning.py"])
    monkeypatch.setattr(
        "mpo.evaluation.frames.write_text", lambda text, path: written.update({path: text})
    )
    runpy.run_path(str(PROJECT / "workflow/scripts/tuning.py"), run_name="__main__")
    assert written == {page: page.read_text(encoding="utf-8")}
