"""`verify --same-as` in a repository: what is equal is recorded and stands, what differs does not.

The repository is a copy of the project, in which code is moved and edited, one commit after the
other, after runs were trained.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from mpo.commands import InputError
from mpo.commands.verifying.worktree import checked_out, resolved
from mpo.evaluation.reading.faults import StudyError
from mpo.evaluation.reading.load import Study as Logs
from mpo.evaluation.reading.load import load
from mpo.settings.digests import code_digest
from mpo.settings.equality import equalities
from mpo.study.config import load_study
from mpo.study.study import Study, manifest_bytes
from mpo.study.yaml_files import PROJECT
from mpo.training import run
from mpo.training.job import Job
from tests.runs import PERIODS, TINY
from tests.workflow.project import copy_project

RESULTS = "results/toy"
TASK = """
toy:
  environment: tests.environments:LinearQuadratic-v0
  score_range: [-10, 0]
  reference: none
  steps: 160
  steps_per_update: 4
"""
OF_A_TASK = ("environment", "steps", "steps_per_update")
MOVED, NEUTRAL, CHANGED = "a module is moved", "a name is added", "a constant is changed"
pytestmark = pytest.mark.timeout(1800)


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
    return git(folder, "rev-parse", "HEAD")


def study_of(folder: Path) -> Study:
    return load_study(folder / "toy.yaml", config=folder / "config")


def move(folder: Path) -> None:
    """A module of the learner goes by another name, and its importers follow."""
    git(folder, "mv", "mpo/algorithm/gaussian.py", "mpo/algorithm/normal.py")
    for file in (folder / "mpo").rglob("*.py"):
        text = file.read_text()
        if "algorithm.gaussian" in text or "algorithm import gaussian" in text:
            text = text.replace("algorithm.gaussian", "algorithm.normal")
            file.write_text(text.replace("import gaussian", "import normal as gaussian"))


def verify(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mpo", "verify", RESULTS, *arguments]
    environment = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def aggregated(folder: Path) -> Logs:
    """The runs, held against a manifest that asks for the code in `folder`."""
    made, file = study_of(folder), folder / RESULTS / "manifest.json"
    asked = made.manifest()
    for entry, each in zip(asked["runs"], made.runs, strict=True):
        entry["code_digest"] = code_digest(each.settings, folder / "mpo")
    file.write_bytes(manifest_bytes(asked, equalities(file)))
    return load(folder / RESULTS)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository in its first commit, with the study's runs."""
    folder = tmp_path_factory.mktemp("repository")
    copy_project(folder)
    (folder / "tests").mkdir()
    shutil.copy(PROJECT / "tests/environments.py", folder / "tests")
    shutil.copy(PROJECT / ".gitignore", folder)
    (folder / "config/tasks.yaml").write_text(TASK)
    own = {name: value for name, value in (TINY | PERIODS).items() if name not in OF_A_TASK}
    study = {"study": "toy", "study_seed": 1, "variants": ["paper"], "tasks": {"toy": 160}}
    (folder / "toy.yaml").write_text(json.dumps(study | {"seeds": [0, 1], "settings": own}))
    git(folder, "init", "-q")
    commit(folder, "first")
    made = study_of(folder)
    made.write_manifest(folder / RESULTS / "manifest.json")
    for each in made.runs:
        out, state = folder / RESULTS / each.path, folder / each.state
        run.train(Job(each.task, each.variant, each.seed, 1, each.settings, out, state), bar=False)
    return folder


@pytest.fixture(scope="module")
def moved(trained: Path) -> tuple[Path, str, subprocess.CompletedProcess[str]]:
    """The repository once a module was moved, its first commit, and what `verify` said of that."""
    first = git(trained, "rev-parse", "HEAD")
    move(trained)
    commit(trained, MOVED)
    with pytest.raises(StudyError, match="was trained with other code"):
        aggregated(trained)
    return trained, first, verify(trained, "--same-as", "HEAD~1")


def test_a_moved_module_leaves_the_runs_standing(moved):
    folder, first, said = moved
    assert said.returncode == 0, said.stderr
    assert "1 of 1 runs, one of each variant and task, begin with the same bytes" in said.stdout
    (shown,) = equalities(folder / RESULTS / "manifest.json")
    assert (shown.task, shown.variant, shown.seed, shown.commit) == ("toy", "paper", 0, first)
    assert (shown.steps, shown.lowered, shown.compiled) == (160, {}, False)
    assert shown.updates > 30
    trained = json.loads((folder / RESULTS / "runs/toy/paper/0/run.json").read_text())
    assert shown.old_code_digest == trained["code_digest"] != shown.new_code_digest
    assert shown.processor == trained["machine"]["cpu"]
    assert len(aggregated(folder).runs) == 2
    assert not list(folder.glob("state/same-as/*"))
    assert len(git(folder, "worktree", "list").splitlines()) == 1
    again = verify(folder, "--same-as", "HEAD~1")
    assert (again.returncode, "or shown equal to it" in again.stdout) == (0, True)


def test_edits_chain_until_one_changes_a_result(moved):
    folder, first, _ = moved
    with (folder / "mpo/algorithm/update.py").open("a") as file:
        file.write("\nMORE = 1\n")
    second = commit(folder, NEUTRAL)
    done = verify(folder, "--same-as", "HEAD~1")
    assert done.returncode == 0, done.stderr
    assert len(aggregated(folder).runs) == 2
    before = (folder / RESULTS / "manifest.json").read_bytes()
    links = equalities(folder / RESULTS / "manifest.json")
    assert links[0].new_code_digest == links[1].old_code_digest
    assert [link.commit for link in links] == [first, git(folder, "rev-parse", "HEAD~1")]

    loss = folder / "mpo/algorithm/policy_evaluation/critic_losses/squared.py"
    assert loss.read_text().count("0.5") == 1
    loss.write_text(loss.read_text().replace("0.5", "0.25"))
    commit(folder, CHANGED)
    done = verify(folder, "--same-as", second)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("differs")]
    told = r"differs: toy/paper: evaluations\.csv differs first in row \d \(step \d+, episode \d\)"
    assert re.match(told, line), line
    told = (
        r"training\.csv differs first in row 1 \(step \d+, updates 8\): loss_critic [\d.e-]+ then, "
    )
    assert re.search(told, line), line
    assert "policy.safetensors differs first in" in line
    assert (folder / RESULTS / "manifest.json").read_bytes() == before
    with pytest.raises(StudyError, match="was trained with other code"):
        aggregated(folder)
    kept = {file: file.stat().st_mtime_ns for file in folder.glob("state/same-as/*/run/run.json")}
    assert len(kept) == 2
    assert verify(folder, "--same-as", second).stderr.endswith(f"{line}\n")
    assert {file: file.stat().st_mtime_ns for file in kept} == kept  # none was trained again

    done = verify(folder, "--same-as", "HEAD")
    assert done.returncode == 1
    assert "toy/paper: the code of commit" in done.stderr
    assert "is not that of its runs" in done.stderr
    assert len(git(folder, "worktree", "list").splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--same-as", "nothing"), "--same-as: 'nothing' is not allowed; "),
        (("--same-as", "HEAD", "--no-rerun"), "--same-as: trains other runs than"),
        (("--steps", "100"), "--steps: 100 is not allowed without --same-as"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    trained: Path, arguments: tuple[str, ...], said: str
):
    done = verify(trained, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"mpo: {said}")
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One of a single file."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "file").write_text("first")
    commit(folder, "first")
    return folder


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()


def interrupt() -> None:
    raise KeyboardInterrupt


def fail() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("end", [terminate, interrupt, fail, lambda: None])
def test_however_it_ends_the_worktree_goes_and_hooks_stay_out_of_it(
    repository: Path, end: Callable[[], None]
):
    before, places = signal.getsignal(signal.SIGTERM), []
    hook = repository / ".git/hooks/post-checkout"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    expected = suppress(SystemExit, KeyboardInterrupt, ZeroDivisionError)
    with expected, checked_out("HEAD", repository) as code:
        assert (code / "file").read_text() == "first"
        places.append(code)
        end()
    assert not places[0].parent.exists()
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_commit_is_named_in_full_or_refused(repository: Path, tmp_path: Path):
    assert resolved("HEAD", repository) == git(repository, "rev-parse", "HEAD")
    with pytest.raises(InputError, match="has no such commit"):
        resolved("1234567", repository)
    with pytest.raises(InputError, match="is no git repository"):
        resolved("HEAD", tmp_path)
