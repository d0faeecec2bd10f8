"""What can happen to a finished study's files, each tried, and docs/faults.md made of it.

`WRITE_PAGES=1 pytest tests/evaluation/reading/test_faults.py` writes the page's table anew.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mpo.evaluation.reading.faults import StudyError
from mpo.evaluation.reading.load import load
from mpo.evaluation.showing.tables import markdown
from mpo.evaluation.telling.readme import filled
from mpo.rundir import checksum
from mpo.study.yaml_files import PROJECT
from tests.evaluation.synthetic import write_study

PAGE = PROJECT / "docs/faults.md"
MARKS = ("<!-- begin files -->", "<!-- end files -->")
RUN, OTHER = "runs/cartpole-balance/paper/0", "runs/cartpole-balance/stable_dual/1"


def rows(folder: Path, file: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    path = folder / RUN / file
    change(pd.read_csv(path)).to_csv(path, index=False)


def run_json(folder: Path, **fields: object) -> None:
    path = folder / RUN / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def swap(folder: Path) -> None:
    (folder / RUN).rename(folder / "aside")
    (folder / OTHER).rename(folder / RUN)
    (folder / "aside").rename(folder / OTHER)


def mix(folder: Path) -> None:
    """A run of the same name from a study with another seed of its own."""
    other = write_study(folder.parent / "other", ["cartpole-balance"], ["paper"], [0], 3)
    path = other / RUN / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "study_seed": 8}))
    shutil.rmtree(folder / RUN)
    shutil.copytree(other / RUN, folder / RUN)


def evaluations(folder: Path) -> Path:
    """The file, its checksum written down as every run here does."""
    path = folder / RUN / "evaluations.csv"
    run_json(folder, files={path.name: checksum(path.read_bytes())})
    return path


def alter(folder: Path) -> None:
    path = evaluations(folder)
    rows(folder, path.name, lambda table: table.assign(**{"return": table["return"] + 100}))


def seed_too_many(folder: Path) -> None:
    """A seed that the study asks for and that was never trained."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    run = manifest["runs"][0]
    manifest["runs"].append({**run, "seed": 2, "path": run["path"][:-1] + "2"})
    manifest["seeds"].append(2)
    path.write_text(json.dumps(manifest))


def truncate(folder: Path) -> None:
    path = evaluations(folder)
    path.write_bytes(path.read_bytes()[:-9])


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a run is deleted": (lambda at: shutil.rmtree(at / RUN), "the run is missing"),
    "a seed is missing": (seed_too_many, "paper/2: the run is missing"),
    "a file of a run is deleted": (
        lambda at: (at / RUN / "training.csv").unlink(),
        "training.csv is missing",
    ),
    "a file is cut short": (truncate, "its checksum is another"),
    "run.json is cut short": (
        lambda at: (at / RUN / "run.json").write_text('{"task": "cart'),
        "run.json is not JSON",
    ),
    "two runs' folders are swapped": (swap, "holds another run's files"),
    "a run of another study is put in": (mix, "holds another run's files (study_seed 8)"),
    "the settings' digest is changed": (
        lambda at: run_json(at, settings_digest="f" * 64),
        "was trained with other settings",
    ),
    "the code's digest is changed": (
        lambda at: run_json(at, code_digest="f" * 64),
        "was trained with other code",
    ),
    "a return is changed by hand": (alter, "its checksum is another"),
    "an evaluation is dropped": (
        lambda at: rows(at, "evaluations.csv", lambda t: t[t["step"] != t["step"].min()]),
        "has 0 episodes at step",
    ),
    "an episode is dropped": (
        lambda at: rows(at, "evaluations.csv", lambda t: t.iloc[1:]),
        "has 1 episodes at step",
    ),
    "there are more episodes than asked": (
        lambda at: rows(
            at, "evaluations.csv", lambda t: pd.concat([t, t.tail(1).assign(episode=9)])
        ),
        "has 4 episodes at step",
    ),
    "rows are doubled": (
        lambda at: rows(at, "evaluations.csv", lambda t: pd.concat([t, t.head(2)])),
        "has 2 doubled rows",
    ),
    "a return is not finite": (
        lambda at: rows(at, "evaluations.csv", lambda t: t.assign(**{"return": float("inf")})),
        "has returns that are not finite",
    ),
    "rows of diagnostics are dropped": (
        lambda at: rows(at, "training.csv", lambda t: t.drop(index=2)),
        "training.csv lacks rows about update",
    ),
    "rows of diagnostics are doubled": (
        lambda at: rows(at, "training.csv", lambda t: pd.concat([t, t.head(1)])),
        "has rows out of order or doubled",
    ),
    "a column is renamed": (
        lambda at: rows(at, "timing.csv", lambda t: t.rename(columns={"step": "steps"})),
        "timing.csv has other columns than asked",
    ),
}
"""What is done to a study of two variants and two seeds, and a part of what is said."""


def said(made: Callable[..., Path], name: str) -> str:
    """The line about the fault, as aggregation says it."""
    folder = made()
    try:
        CASES[name][0](folder)
        with pytest.raises(StudyError) as error:
            load(folder)
    finally:
        for used in (folder, folder.parent / "other"):
            shutil.rmtree(used, ignore_errors=True)
    return str(error.value).replace(folder.as_posix(), "results/made")


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_named_with_its_run_and_its_mend(made, name: str):
    text = said(made, name)
    assert CASES[name][1] in text
    assert "runs/cartpole-balance/paper/" in text
    assert "rm -rf results/made/runs/cartpole-balance/paper/" in text
    assert "snakemake --cores all" in text


def test_a_sound_study_is_accepted(made):
    assert len(load(made()).runs) == 4


def test_the_page_lists_what_was_tried(made):
    lines = [
        {"what is done": name, "what aggregation says": said(made, name).splitlines()[1].strip()}
        for name in CASES
    ]
    page = PAGE.read_text(encoding="utf-8")
    current = filled(page, markdown(pd.DataFrame(lines)), PAGE, MARKS)
    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(current, encoding="utf-8")
    assert page == current, "WRITE_PAGES=1 writes it anew"
