"""`report`: what there is of a study so far, drawn beside the finished study's files."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from mpo.__main__ import main
from mpo.evaluation.reading.frames import read_csv, read_frames
from mpo.evaluation.reading.load import load
from mpo.evaluation.showing import figures
from mpo.evaluation.stages import write_estimates, write_runs
from mpo.study.config import load_study
from mpo.study.published import load_published
from tests.evaluation.showing.drawn import DRAWN
from tests.evaluation.synthetic import write_run

CONFIG = "part.yaml"
STUDY = """
study: part
study_seed: 7
variants: [paper, stable_dual]
tasks: {cartpole-balance: 10000, hopper-stand: 20000}
seeds: [0, 1, 2]
settings: {evaluation_points: 3, evaluation_episodes: 1, evaluation_final_episodes: 2}
"""
TASKS, VARIANTS = ("cartpole-balance", "hopper-stand"), ("paper", "stable_dual")
ALL = [(task, variant, seed) for task in TASKS for variant in VARIANTS for seed in (0, 1, 2)]
SOME = [run for run in ALL if run not in (ALL[1], ALL[4], ALL[7], ALL[8])]
Begin = Callable[..., Path]


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """A study of which some runs are there."""

    def study(
        runs: Collection[tuple[str, str, int]], diverged: tuple[str, str, int] | None = None
    ) -> Path:
        (tmp_path / CONFIG).write_text(STUDY)
        monkeypatch.chdir(tmp_path)
        asked: dict[str, Any] = json.loads(json.dumps(load_study(CONFIG).manifest()))
        folder = tmp_path / "results/part"
        for run in asked["runs"]:
            key = run["task"], run["variant"], run["seed"]
            if key in runs:
                write_run(folder, asked, run, 1 if key == diverged else 3)
        return folder

    return study


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of which only frames, tables and text matter."""
    monkeypatch.setattr(figures, "names", list)


def report(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["report", "--study", CONFIG]) == 0
    assert "so-far/report.html: " in capsys.readouterr().out
    return (folder / "so-far/report.md").read_text()


def files(folder: Path) -> dict[str, bytes]:
    """What lies in a study's folder beside the report of what there is so far."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    paths = (path for path in found if "so-far" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_it_says_what_is_missing_and_draws_what_is_there(begin: Begin, capsys):
    folder = begin(SOME, diverged=ALL[0])
    before = files(folder)
    text = report(folder, capsys)
    assert files(folder) == before  # and nothing else of the study is touched
    head = text.split("## ")[0]
    assert head.startswith("# Study `part`\n\n> **This study is not finished.** 4 of 12 runs are ")
    assert "| paper | 2 of 3 | 1 of 3 |" in head
    assert "| stable_dual | 2 of 3 | 3 of 3 |" in head
    assert "Over all tasks only those count on which every variant" in head
    assert "diverged ones (1 here)" in head
    assert "Claims are judged when the study is finished" in text
    assert "supported" not in text
    frames = read_frames(folder / "so-far")
    assert len(frames.scores) == len(frames.manifest.runs) == 8
    assert set(frames.aggregate["n"]) == {1, 2}
    assert "n = 1 to 3 runs of each variant on each task" in text
    assert "could not be made" not in text
    assert "## The theory" not in text  # the study did not ask for it
    drawn = [name for name in DRAWN if name != "sweeps"]  # this study has none
    for name in drawn:
        assert f"](figures/{name}.png)" in text, name
    page = (folder / "so-far/report.html").read_text()
    assert page.count("<figure") == len(drawn)


def test_a_variant_or_task_without_a_run_is_only_counted(begin: Begin, capsys):
    text = report(begin([ALL[0]]), capsys)
    assert "11 of 12 runs are missing" in text
    assert "| stable_dual | 0 of 3 | 0 of 3 |" in text
    assert "1 run: 1 variant on 1 task, seeds 0" in text
    assert "could not be made" not in text


def test_variants_on_no_common_task_are_not_held_against_each_other(begin: Begin, capsys):
    text = report(begin([ALL[0], ALL[9]]), capsys)
    assert "(none yet)" in text
    assert "There is no figure `aggregate_intervals`: no task has a run of every variant." in text
    assert "There is no table `aggregate`: no task has a run of every variant." in text
    assert "](figures/learning_curves.png)" in text
    assert "The highest interquartile mean" not in text
    assert "could not be made" not in text


@pytest.mark.usefixtures("undrawn")
def test_the_theory_has_a_place_where_the_study_asked_for_it(begin: Begin, capsys, tmp_path: Path):
    folder = begin(ALL[:1])
    (tmp_path / CONFIG).write_text(f"{STUDY}theory: true\n")
    assert "## The theory by computation\n\nWhat is verified by " in report(folder, capsys)


@pytest.mark.usefixtures("undrawn")
def test_of_all_runs_it_has_the_finished_study_s_numbers(begin: Begin, capsys, tmp_path: Path):
    folder = begin(ALL)
    text = report(folder, capsys)
    assert "All 12 runs are there, and the workflow has not ended." in text
    load_study(CONFIG).write_manifest(folder / "manifest.json")
    finished = tmp_path / "finished"
    load_study(CONFIG).write_manifest(finished / "manifest.json")
    write_runs(load(folder), load_published(), finished)
    write_estimates(finished)
    compared = list(finished.rglob("*.csv"))
    assert len(compared) == 10
    for path in compared:
        assert (folder / "so-far" / path.relative_to(finished)).read_bytes() == path.read_bytes()


@pytest.mark.usefixtures("undrawn")
def test_files_that_are_not_the_study_s_are_left_out_and_named(begin: Begin, capsys):
    folder = begin(ALL[:4])
    first, second, third = (folder / f"runs/cartpole-balance/paper/{seed}" for seed in (0, 1, 2))
    record = json.loads((first / "run.json").read_text())
    (first / "run.json").write_text(json.dumps({**record, "code_digest": "0" * 64}))
    rows = (second / "evaluations.csv").read_text().splitlines()
    (second / "evaluations.csv").write_text("\n".join(rows[:-1]) + "\n")
    (third / "run.json").unlink()  # as while its files are being written
    text = report(folder, capsys)
    assert "11 of 12 runs are missing" in text
    (line,) = (line for line in text.splitlines() if line.startswith("Left out"))
    assert "`runs/cartpole-balance/paper/0` (was trained with other code" in line
    assert "`runs/cartpole-balance/paper/1` (evaluations.csv has " in line
    assert "paper/2" not in line
    assert len(read_csv(folder / "so-far/scores.csv")) == 1


def test_where_no_run_is_finished_it_says_where_to_look(begin: Begin, capsys):
    folder = begin([])
    assert main(["report", "--study", CONFIG]) == 2
    said = capsys.readouterr().err
    assert said == (
        "mpo: results/part: none of 12 runs is finished yet; "
        "`python -m mpo status --study part.yaml` says how far they are\n"
    )
    assert not folder.exists()


@pytest.mark.usefixtures("undrawn")
def test_it_is_no_part_of_a_crate(begin: Begin, capsys, tmp_path: Path):
    import zipfile

    folder = begin(ALL)
    report(folder, capsys)
    load_study(CONFIG).write_manifest(folder / "manifest.json")
    (folder / "report.md").write_text("# The report\n")
    assert main(["crate", str(folder), str(tmp_path / "crate.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "crate.zip") as crate:
        assert not [name for name in crate.namelist() if "so-far" in name]
