"""Pages with numbers in them are made of files, and are current."""

from __future__ import annotations

import re
import runpy
import shlex
import sys
from pathlib import Path

import click
import pytest

from mpo.__main__ import cli
from mpo.evaluation.telling.prose import render
from mpo.study.yaml_files import PROJECT

COMMAND = re.compile(r"^(?:python -m )?mpo ([^#\n]+)", flags=re.MULTILINE)
FENCED = re.compile(r"^```\w*\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
TYPED = sorted(
    {
        command.strip()
        for page in PAGES
        for block in FENCED.findall(page.read_text(encoding="utf-8"))
        for command in COMMAND.findall(block)
    }
)


@pytest.mark.parametrize("command", TYPED)
def test_a_command_in_a_page_is_one_that_there_is(command: str) -> None:
    """Its name, its options and the kinds of their values; a wrong one raises."""
    name, *given = shlex.split(command)
    found = cli.commands[name]
    with found.make_context(name, given, parent=click.Context(cli)):
        pass


def test_pages_hold_commands() -> None:
    assert len(TYPED) > 20


def test_the_page_of_the_benchmark_shows_its_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    page = PROJECT / "docs/performance.md"
    written: dict[Path, str] = {}
    monkeypatch.setattr(sys, "argv", ["performance.py"])
    monkeypatch.setattr(
        "mpo.evaluation.reading.frames.write_text", lambda text, path: written.update({path: text})
    )
    runpy.run_path(str(PROJECT / "workflow/scripts/performance.py"), run_name="__main__")
    assert written == {page: page.read_text(encoding="utf-8")}


def test_the_page_on_tuning_is_that_of_its_studies() -> None:
    page = (PROJECT / "docs/tuning.md").read_text(encoding="utf-8")
    assert render(PROJECT / "docs/tuning.template.md", PROJECT / "results/tuning") == page
