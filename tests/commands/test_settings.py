"""`python -m mpo settings`: all fields in a table, one on a page, the same as JSON, no torch."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mpo.__main__ import main
from mpo.settings import Settings, options, settings
from mpo.settings.fields import SECTIONS, SOURCES
from mpo.study.yaml_files import PROJECT


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["settings", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_the_table_has_every_field_in_its_section(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    lines = said(capsys).splitlines()
    assert max(map(len, lines)) <= 120
    rows = lines[2 : lines.index("")]
    first = [line[: line.index(" ")] for line in rows if line[0] not in " -"]
    expected = [
        name
        for section in SECTIONS
        for name in (section.section.upper().partition(" ")[0], *section.model_fields)
    ]
    expected.insert(expected.index("critic_loss") + 1, "critic_loss.delta")
    assert first == expected
    epsilon = next(line for line in rows if line.startswith("epsilon "))
    assert epsilon.split()[1:5] == ["0.1", "number", "above", "0"]
    named = [line.split()[0] for line in lines[lines.index("") + 1 :]]
    assert named == [name for name in SOURCES if name != "Munos"]  # whom an option alone names


def test_a_narrow_terminal_keeps_every_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = []
    for columns in ("40", "400"):
        monkeypatch.setenv("COLUMNS", columns)
        words.append(sorted("".join(said(capsys).replace("-", "").split())))
    assert words[0] == words[1]


def test_one_field_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "backup")
    assert text.startswith("backup: What the critic's targets take for V(s)")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line]
    found = {line[0]: line[1] for line in lines if len(line) == 2}
    assert found["section"] == "policy evaluation"
    assert found["default"] == "policy"
    assert found["allowed"] == "improved, policy, soft"
    assert "(P1 eq. 4)" in found["soft"]
    assert set(options("backup")) <= set(found)
    assert set(found) & set(SOURCES) == {"P1", "SR"}  # those that the text and the options name


def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    every = json.loads(said(capsys, "--json"))
    assert [each["field"] for each in every] == list(Settings.model_fields)
    for each in every:
        assert json.loads(said(capsys, each["field"], "--json")) == each
        page = " ".join(said(capsys, each["field"]).split())
        told = [each["description"], each["section"], each["allowed"], each["protocols"]]
        told += [f"{option['name']} {option['meaning']}" for option in each["options"]]
        for text in told:
            assert " ".join(text.split()) in page
        assert settings({each["field"]: each["default"]}) == settings({})


def test_an_unknown_field_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "epsilom"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "mpo: FIELD: 'epsilom' is not allowed; there is no such field; did you mean epsilon? "
        "`python -m mpo settings` lists them all\n"
    )


@pytest.mark.parametrize("arguments", [[], ["estep"], ["--json"]], ids=" ".join)
def test_torch_is_not_loaded(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from mpo.__main__ import main\n"
        f"assert main({['settings', *arguments]!r}) == 0\n"
        "print({'torch', 'pandas', 'mpo.algorithm'} & set(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout
    assert done.stderr == "set()\n"
