"""The shipped reference study: drawn again from its runs it gives what lies in results/reference,
and the pages that show it are current.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mpo.evaluation.reading.frames import FRAMES, read_frames
from mpo.evaluation.telling.prose import render
from mpo.evaluation.telling.readme import FIGURES, block, filled
from mpo.rundir import POLICY
from mpo.study.config import load_study
from mpo.study.yaml_files import PROJECT
from tests.workflow.project import FIGURES as DRAWN
from tests.workflow.project import copy_project, snakemake

REFERENCE = PROJECT / "results/reference"
CONFIG = "config/reference.yaml"
MOST_BYTES = 60 * 2**20
"""Of all files in the working tree, shipped studies included."""
PAGES = {
    "docs/findings.template.md": "docs/findings.md",
    "results/README.template.md": "results/README.md",
}
THEORY = "The theory by computation"


def shipped(folder: Path = REFERENCE) -> list[Path]:
    """The files below `folder` that git has."""
    command = ["git", "ls-files", "-z", "--", str(folder)]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return [PROJECT / name for name in listed.stdout.split("\0") if name]


def sections(report: Path) -> dict[str, str]:
    """Title and text of each."""
    parts = report.read_text(encoding="utf-8").split("\n## ")
    return {part.partition("\n")[0]: part for part in parts}


def test_the_project_is_small_and_holds_no_policy() -> None:
    files = shipped(PROJECT)
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    assert not [file for file in files if file.name == POLICY]


def test_every_run_that_its_manifest_names_is_there() -> None:
    manifest = json.loads((REFERENCE / "manifest.json").read_text())
    assert len(manifest["runs"]) == 8 * 4 * 5
    codes: dict[tuple[str, str], set[str]] = {}
    for run in manifest["runs"]:
        record = json.loads((REFERENCE / run["path"] / "run.json").read_text())
        assert record["settings_digest"] == run["settings_digest"]
        assert record["code_digest"] == run["code_digest"]
        codes.setdefault((run["task"], run["variant"]), set()).add(record["code_digest"])
    assert {len(found) for found in codes.values()} == {1}


@pytest.mark.soak
def test_drawn_again_from_its_runs_it_gives_the_same_bytes(tmp_path: Path) -> None:
    """`make figures STUDY=reference` where nothing but runs, manifest and films is there.

    What verifies the theory is left out: its errors are of the size of rounding, which differs
    between processors.
    """
    copy_project(tmp_path)
    there = tmp_path / "results/reference"
    shutil.copytree(REFERENCE / "runs", there / "runs")
    shutil.copytree(REFERENCE / "films", there / "films")
    for name in ("manifest.json", "films.md"):
        shutil.copy(REFERENCE / name, there / name)
    done = snakemake(tmp_path, CONFIG, "--config", "train=false", "--forceall")
    assert done.returncode == 0, done.stderr
    assert "rule train_" not in done.stderr
    figures = {f"figures/{name}.csv" for name in DRAWN}
    compared = [
        file
        for file in shipped()
        if (name := file.relative_to(REFERENCE).as_posix()) in {*FRAMES.values(), *figures}
        or name.startswith("tables/")
    ]
    assert len(compared) > 35
    for file in compared:
        again = there / file.relative_to(REFERENCE)
        assert again.read_bytes() == file.read_bytes(), file.name
    ours, again = (sections(folder / "report.md") for folder in (REFERENCE, there))
    assert ours.pop(THEORY) and again.pop(THEORY)
    assert again == ours


def test_the_readme_shows_it() -> None:
    readme = PROJECT / "README.md"
    text = readme.read_text(encoding="utf-8")
    assert filled(text, block(REFERENCE, read_frames(REFERENCE)), readme) == text
    for name in FIGURES:
        copied = PROJECT / "docs/figures" / f"{name}.png"
        assert copied.read_bytes() == (REFERENCE / f"figures/{name}.png").read_bytes()


@pytest.mark.parametrize("template", PAGES)
def test_a_page_about_it_is_current(template: str) -> None:
    page = (PROJECT / PAGES[template]).read_text(encoding="utf-8")
    assert render(PROJECT / template, REFERENCE) == page


def test_the_command_verifies_it_without_training() -> None:
    command = [sys.executable, "-m", "mpo", "verify", str(REFERENCE), "--no-rerun"]
    done = subprocess.run(command, cwd=PROJECT, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_the_default_study_with_the_first_of_its_seeds() -> None:
    whole, ours = (load_study(PROJECT / f"config/{name}.yaml") for name in ("study", "reference"))
    assert ours.seeds == whole.seeds[: len(ours.seeds)]
    assert whole.reproduces == ours.name
    there = {run.path: run for run in whole.runs}
    for run in ours.runs:
        same = there[run.path]
        assert (run.settings, run.settings_digest, run.code_digest, run.state) == (
            same.settings,
            same.settings_digest,
            same.code_digest,
            same.state,
        )
    assert ours.claims == whole.claims
    assert ours.theory == whole.theory
