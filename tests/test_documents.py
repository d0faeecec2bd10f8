"""Pages with numbers in them are made of files, and are current."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from mpo.study.yaml_files import PROJECT


@pytest.mark.parametrize("name", ["tuning", "performance"])
def test_a_page_shows_its_tables(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = PROJECT / f"docs/{name}.md"
    written: dict[Path, str] = {}
    monkeypatch.setattr(sys, "argv", [f"{name}.py"])
    monkeypatch.setattr(
        "mpo.evaluation.reading.frames.write_text", lambda text, path: written.update({path: text})
    )
    runpy.run_path(str(PROJECT / f"workflow/scripts/{name}.py"), run_name="__main__")
    assert written == {page: page.read_text(encoding="utf-8")}
