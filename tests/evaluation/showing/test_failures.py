"""An exhibit that cannot be made: its sentence, its record, and what is nobody's exhibit."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mpo.evaluation.showing.failures import (
    Absent,
    Exhibit,
    attempt,
    count,
    in_place,
    record,
    sentence_for,
    standing,
    tried,
)

FILES = tuple(f"figures/cost.{kind}" for kind in ("svg", "png", "csv", "md", "tex"))
EXHIBIT = Exhibit("figure", "cost", "figure_cost", FILES)
SAID = (
    'The figure `cost` could not be made: `ValueError: limits < 0 & "odd"`; see '
    "`failures/figure_cost.json`."
)


def fails() -> None:
    raise ValueError('limits < 0 &\n  "odd"')


def test_a_failure_is_told_in_one_line_with_its_traceback_in_the_log(tmp_path, capsys):
    assert attempt(EXHIBIT, tmp_path, fails) == SAID
    said = capsys.readouterr()
    assert said.out == f"mpo: {SAID}\n"
    assert "Traceback (most recent call last)" in said.err
    assert "in fails" in said.err


def test_every_file_of_it_holds_the_sentence(tmp_path: Path):
    attempt(EXHIBIT, tmp_path, fails)
    folder = tmp_path / "figures"
    drawn = ElementTree.parse(folder / "cost.svg").getroot()
    assert " ".join(drawn.itertext()).split() == SAID.split()
    assert (np.asarray(Image.open(folder / "cost.png")) < 128).mean() > 0.01
    assert pd.read_csv(folder / "cost.csv")["not made"].tolist() == [SAID]
    assert (folder / "cost.md").read_text() == f"{SAID}\n"
    assert (folder / "cost.tex").read_text() == f"% {SAID}\n"


def test_each_failure_counts_and_what_came_counts_nothing(tmp_path: Path, capsys):
    def counted() -> tuple[int, int]:
        return count("figure_cost", tmp_path), len(standing(tmp_path))

    attempt(EXHIBIT, tmp_path, lambda: None)
    assert counted() == (0, 0)
    assert not (tmp_path / "failures").exists()
    for number in (1, 2):
        attempt(EXHIBIT, tmp_path, fails)
        assert counted() == (number, 1)
    attempt(EXHIBIT, tmp_path, lambda: None)
    assert counted() == (2, 0)  # so that it is not made once more for having failed before
    assert sentence_for("figure", "cost", tmp_path) is None
    assert count("figure_temperature", tmp_path) == 0
    attempt(EXHIBIT._replace(name="other"), tmp_path, fails)
    assert counted() == (3, 1)


def test_what_a_study_cannot_have_is_no_failure(tmp_path: Path, capsys):
    def lacks() -> None:
        raise Absent("no run logged its time")

    sentence = attempt(EXHIBIT, tmp_path, lacks)
    assert sentence == "There is no figure `cost`: no run logged its time."
    assert (tmp_path / "figures/cost.md").read_text() == f"{sentence}\n"
    assert count("figure_cost", tmp_path) == 0
    assert standing(tmp_path) == []
    assert capsys.readouterr().out == ""
    assert in_place("figure", "cost", tmp_path, lambda: ["drawn"]) == [sentence]
    attempt(EXHIBIT, tmp_path, lambda: None)
    assert in_place("figure", "cost", tmp_path, lambda: ["drawn"]) == ["drawn"]


def test_something_that_is_there_in_part_keeps_its_files(tmp_path: Path, capsys):
    failure = tried(fails)
    assert failure
    record(EXHIBIT, tmp_path, failure._replace(partly=True))
    assert "could not be made whole" in standing(tmp_path)[0]
    assert not (tmp_path / "figures").exists()


def raising(error: BaseException) -> Callable[[], None]:
    def make() -> None:
        raise error

    return make


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        PermissionError(errno.EACCES, "Permission denied"),
        KeyboardInterrupt(),
        SystemExit(143),
    ],
    ids=lambda error: f"{type(error).__name__} {error}",
)
def test_what_is_nobodys_exhibit_stops_the_job(tmp_path: Path, error: BaseException):
    with pytest.raises(type(error)):
        attempt(EXHIBIT, tmp_path, raising(error))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file", "a.gif"), "FileNotFoundError: "),
        (OSError("cannot load library 'libEGL.so'"), "OSError: cannot load library"),
        (MemoryError(), "MemoryError"),
        (ImportError("No module named 'pygame'"), "ImportError: No module named 'pygame'"),
        (RuntimeError("`rm` | <script>" + 900 * " x"), "RuntimeError: 'rm' | <script> x x"),
    ],
)
def test_anything_else_leaves_a_sentence(tmp_path: Path, error: Exception, words: str):
    sentence = attempt(EXHIBIT, tmp_path, raising(error))
    assert sentence and words in sentence
    assert len(sentence) < 400
    assert sentence.count("`") == 6 and "\n" not in sentence  # the error's own words are as code
    assert json.loads((tmp_path / EXHIBIT.record).read_text())["said"] == sentence
