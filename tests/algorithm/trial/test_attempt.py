"""Options tried before a run: sound ones pass and leave no trace, mistakes are told in two lines.

`WRITE_PAGES=1 pytest tests/algorithm/trial/test_attempt.py` writes docs/faults.md's table anew.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mpo.algorithm.trial.attempt import attempt
from mpo.settings import OPTION_PACKAGES, OptionError, Settings, settings
from mpo.settings.options import file_of
from mpo.study.entries import load_variants
from mpo.study.yaml_files import PROJECT
from tests.algorithm.trial.mistakes import MISTAKES

PAGE = PROJECT / "docs/faults.md"
MARKS = ("<!-- begin options -->", "<!-- end options -->")
VARIANTS = {
    name: settings(variant.settings)
    for name, variant in load_variants().items()
    if not variant.external
}
pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Settings]:
    """Puts an option `mine` of a kind beside the shipped ones; the settings that select it."""

    def put(field: str, text: str) -> Settings:
        package = f"mpo.{OPTION_PACKAGES[field]}"
        folder = tmp_path / field
        folder.mkdir()
        (folder / "mine.py").write_text(text)
        module = importlib.import_module(package)
        monkeypatch.setattr(module, "__path__", [*module.__path__, str(folder)])
        monkeypatch.delitem(sys.modules, f"{package}.mine", raising=False)
        importlib.invalidate_caches()
        return settings({"steps": 1000}).model_copy(update={field: "mine"})

    return put


def said(chosen: Settings) -> OptionError:
    with pytest.raises(OptionError) as caught:
        attempt(chosen, 5, 2)
    return caught.value


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_by_kind_name_file_and_line(name: str, mine) -> None:
    mistake = MISTAKES[name]
    text = file_of(mistake.field, mistake.name).read_text()
    assert mistake.old in text
    error = said(mine(mistake.field, text.replace(mistake.old, mistake.new, 1)))
    first, place = str(error).split("\n")
    print(name, "|", first, "|", place)
    assert first == f"{mistake.field} mine: {mistake.said}"
    assert place.startswith(f"  {error.file}")
    if mistake.at == "-":
        assert error.line is None
    else:
        begins = mistake.at or next(
            line.strip() for line in error.file.read_text().splitlines() if mistake.new in line
        )
        assert place.startswith(f"  {error.file}, line {error.line}: {begins}")
