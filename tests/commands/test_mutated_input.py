"""More than a thousand mutated inputs: each is valid, or refused in words with exit status 2.

Files are the shipped ones with characters, lines and values changed; settings and command lines
are drawn from what is allowed and what is near it. Nothing may raise, hang, or start to work: what
a command would do after its input was accepted is replaced.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpo.__main__ import main
from mpo.settings import Settings, SettingsError
from mpo.settings import settings as checked
from mpo.study.claims import load_claims
from mpo.study.config import load_study
from mpo.study.published import load_published
from mpo.study.yaml_files import PROJECT, ConfigError

FILES = ("smoke.yaml", "study.yaml", "tasks.yaml", "variants.yaml", "claims.yaml", "published.csv")
ODD = (
    *("", "null", "~", "-1", "0", "1e400", ".nan", "2018-06-14", "yes", "[", "{", "]", "}", ":"),
    *("'", '"', "\t", "&a", "*a", "!!python/object/apply:os.system [ls]", "<<: *suite", "\x00"),
    *("é", "𝄞", "../..", "a: b: c", "- -", "?", "|", ">", "%", "@", "1_000", "0x10", "1:30", "..."),
)
EACH = 40
"""Mutations of each file."""


def mutated(text: str, rng: random.Random) -> str:
    """`text` with one to three lines or characters changed."""
    lines = text.splitlines()
    for _ in range(rng.randint(1, 3)):
        place, kind = rng.randrange(len(lines)), rng.randrange(7)
        line = lines[place]
        if kind == 0:
            del lines[place]
        elif kind == 1:
            lines.insert(rng.randrange(len(lines)), line)
        elif kind == 2:
            lines[place] = line + rng.choice(ODD)
        elif kind == 3 and line.strip():
            words = line.split(" ")
            words[rng.randrange(len(words))] = rng.choice(ODD)
            lines[place] = " ".join(words)
        elif kind == 4:
            lines[place] = " " * rng.randint(1, 3) + line
        elif kind == 5 and line:
            at = rng.randrange(len(line))
            lines[place] = line[:at] + chr(rng.randrange(1, 0x2FFF)) + line[at + 1 :]
        else:
            other = rng.randrange(len(lines))
            lines[place], lines[other] = lines[other], lines[place]
        lines = lines or [""]
    return "\n".join(lines) + "\n"


def load(folder: Path, name: str) -> None:
    """Whatever reads the file `name` of a configuration."""
    if name == "claims.yaml":
        load_claims(folder / name)
    elif name == "published.csv":
        load_published(folder / name)
    else:
        study = name if name == "study.yaml" else "smoke.yaml"
        _ = load_study(folder / study, config=folder).settings


@pytest.mark.parametrize("name", FILES)
def test_a_mutated_file_is_valid_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    folder = Path(shutil.copytree(PROJECT / "config", tmp_path / "config"))
    text = (folder / name).read_text(encoding="utf-8")
    refused = 0
    for number in range(EACH):
        (folder / name).write_text(mutated(text, rng), encoding="utf-8")
        try:
            load(folder, name)
        except ConfigError as error:
            refused += 1
            said = str(error)
            assert name in said, said
            assert "\n" not in said, (number, said)
            assert "Traceback" not in said
    assert refused > EACH / 10, "so few faults that nothing was tried"


numbers = st.one_of(
    st.integers(-3, 3000), st.floats(allow_nan=True, allow_infinity=True), st.booleans(), st.none()
)
values = st.one_of(
    numbers,
    st.text(max_size=8),
    st.sampled_from(["retrace", "td0", "stable", "raw", "newton", "full", "soft", "policy"]),
    st.lists(st.one_of(st.integers(-2, 300), st.text(max_size=3)), max_size=4),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
fields = st.dictionaries(
    st.one_of(st.sampled_from(sorted(Settings.model_fields)), st.text(max_size=10)),
    values,
    max_size=5,
)


@settings(max_examples=400)
@given(fields)
def test_settings_are_valid_or_refused_with_the_field(drawn: dict[str, Any]) -> None:
    try:
        found = checked(drawn)
    except SettingsError as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert checked(found.differences()) == found


WORDS = {
    "train": [
        "--task",
        "--variant",
        "--seed",
        "--steps",
        "--set",
        "--settings",
        "--out",
        "--quiet",
    ],
    "evaluate": ["--episodes", "--seed", "--policy", "--task", "RUN"],
    "render": ["--width", "--seconds", "RUN", "film.gif"],
    "variants": [],
    "status": ["--study"],
    "compare": ["--study", "paper", "stabilised"],
    "power": ["--study", "--effect"],
    "verify": ["--rerun", "--no-rerun", "RUN"],
    "crate": ["RUN", "out.zip"],
    "benchmark": ["--variants", "--nothing"],
}
ARGUMENTS = (
    *("cartpole-balance", "stabilised", "paper", "hopper", "0", "-1", "1e9", "99999999999", "nan"),
    *("epsilon=0.2", "epsilon=", "=", "nonsense=1", "backup=soft", "{}", "[]", '{"epsilon": -1}'),
    *("{", "", "config/smoke.yaml", "no/such/file", "RUN", "uniform", "é", "--", "-h", "--task"),
)


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Nothing is trained, played or filmed once a command line has been accepted."""

    def done(*_: object, **__: object) -> str:
        return "completed"

    monkeypatch.setattr("mpo.training.run.train", done)
    monkeypatch.setattr(
        "mpo.training.replaying.random_returns", lambda *_: __import__("pandas").DataFrame()
    )
    monkeypatch.setattr("mpo.benchmark.report.measured", lambda *_, **__: iter(()))
    monkeypatch.setattr("mpo.benchmark.report.table", lambda *_: "")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(PROJECT / "config", tmp_path / "config")
    (tmp_path / "RUN").mkdir()
    (tmp_path / "RUN/run.json").write_text('{"settings": {}}')
    yield tmp_path


def command_line(rng: random.Random) -> list[str]:
    command = rng.choice([*WORDS, "tarin", "", "--version"])
    options = [*WORDS.get(command, []), *ARGUMENTS]
    favoured = WORDS.get(command) or ARGUMENTS
    return [command] + [
        rng.choice(favoured if rng.random() < 0.5 else options) for _ in range(rng.randint(0, 7))
    ]


def test_a_command_line_is_accepted_or_refused_in_words(idle: Path, capsys) -> None:
    rng, refused = random.Random(0), 0
    before = sorted(path.relative_to(idle) for path in idle.rglob("*"))
    for _ in range(500):
        line = command_line(rng)
        status = main(line)
        said = capsys.readouterr().err
        assert status in (0, 1, 2), (line, status)
        assert "Traceback" not in said, line
        if status:
            refused += 1
            assert said.startswith("mpo: "), (line, said)
    assert refused > 100
    assert sorted(path.relative_to(idle) for path in idle.rglob("*")) == before


def test_as_real_processes_they_say_the_same(tmp_path: Path) -> None:
    rng = random.Random(1)
    lines = []
    while len(lines) < 20:
        line = command_line(rng)
        if line[0] in ("train", "status", "compare", "verify", "tarin", "variants"):
            lines.append([*line, "--bogus"] if line[0] == "train" else line)
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    for line in lines:
        command = [sys.executable, "-m", "mpo", *line]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode in (0, 2), (line, done.stderr)
        assert "Traceback" not in done.stderr, line
        assert not done.returncode or done.stderr.startswith("mpo: "), (line, done.stderr)
    assert not list(tmp_path.iterdir())


def test_the_settings_of_a_command_line_are_checked_like_a_file_s(capsys) -> None:
    assert main(["train", "--task", "cartpole-balance", "--settings", json.dumps({"n": 1})]) == 2
    assert capsys.readouterr().err.startswith("mpo: ")
