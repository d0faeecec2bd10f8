"""`mpo clean`: what is kept is listed by study and age, and removed unless somebody trains it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mpo.__main__ import main
from mpo.training.holding import locked

FINISHED, OTHER, UNDER_WAY = (letter * 16 + "-" + "0" * 16 for letter in "abc")
HOUR_S = 3600.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two finished runs, one of them of the study `mine` and two days old, and one under way."""
    for name, file in (
        (FINISHED, "finished/run.json"),
        (OTHER, "finished/run.json"),
        (UNDER_WAY, "progress.json"),
    ):
        path = tmp_path / "state" / name / file
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"task": "toy", "variant": f"of_{name[0]}", "seed": 3}))
    old = tmp_path / "state" / FINISHED / "finished/run.json"
    os.utime(old, (old.stat().st_atime, old.stat().st_mtime - 48 * HOUR_S))
    (tmp_path / "state/same-as").mkdir()
    manifest = tmp_path / "results/mine/manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"runs": [{"settings_digest": "a" * 64}]}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "state").iterdir())


def test_a_cohort_s_checkpoint_is_its_study_s(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whose folder bears the cohort's digest and no run's."""
    told = {"task": "toy", "variant": "of_c", "seed": "0-4"}
    (folder / "state" / UNDER_WAY / "progress.json").write_text(json.dumps(told))
    asked = {"settings_digest": "d" * 64, "task": "toy", "variant": "of_c", "seed": 0}
    (folder / "results/mine/manifest.json").write_text(json.dumps({"runs": [asked]}))
    assert main(["clean", "--checkpoints", "--orphans"]) == 0
    assert UNDER_WAY not in capsys.readouterr().out
    assert main(["clean", "--checkpoints", "--study", "mine"]) == 0
    assert UNDER_WAY in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        ([], "ab"),
        (["--study", "mine"], "a"),
        (["--orphans"], "b"),
        (["--older-than", "1.5"], "a"),
        (["--older-than", "3"], ""),
        (["--checkpoints"], "abc"),
        (["--checkpoints", "--orphans"], "bc"),
    ],
)
def test_what_is_listed_is_what_is_removed(
    folder: Path, options: list[str], listed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = left(folder)
    assert main(["clean", *options]) == 0
    said = capsys.readouterr().out
    assert [letter for letter in "abc" if f"of_{letter}" in said] == [*listed]
    runs, them = ("1 run", "it") if len(listed) == 1 else (f"{len(listed)} runs", "them")
    assert said.endswith(f"\n{runs}, 0.0 MiB; --remove removes {them}\n")
    assert left(folder) == before
    assert main(["clean", *options, "--remove"]) == 0
    assert f"removed {len(listed)} of {runs}, " in capsys.readouterr().out
    assert left(folder) == [name for name in before if name[0] not in listed]
    assert (folder / "results/mine/manifest.json").exists()


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_orphans_are_not_known_while_a_study_does_not_say_what_it_asks_for(
    folder: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A study that was stopped before its manifest was written, or whose manifest is damaged."""
    (folder / "results/begun/logs").mkdir(parents=True)
    file = folder / "results/begun/manifest.json"
    if content is not None:
        file.write_text(content)
    before = left(folder)
    assert main(["clean", "--orphans", "--checkpoints", "--remove"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mpo: --orphans: results/begun/manifest.json: missing or not readable")
    assert left(folder) == before
    assert main(["clean", "--study", "mine"]) == 0


def test_a_run_that_is_trained_is_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with locked(folder / "state" / UNDER_WAY):
        assert main(["clean", "--checkpoints", "--remove"]) == 0
    told = capsys.readouterr()
    assert "removed 2 of 3 runs" in told.out
    assert f"left alone: state/{UNDER_WAY}: process {os.getpid()} on " in told.err
    assert left(folder) == [UNDER_WAY, "same-as"]


def test_where_no_study_is_there_that_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "results/mine/manifest.json").unlink()
    assert main(["clean", "--study", "mine"]) == 2
    assert capsys.readouterr().err.endswith("there is no such study; known are none yet\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--study", "mne"], "mpo: --study: 'mne' is not allowed; "),
        (["--study", "mine", "--orphans"], "mpo: --orphans: they are no study's"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    folder: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clean", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(said)
