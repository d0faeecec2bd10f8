"""`mpo external`: a run that a program of the user's trains, kept and put in place as MPO's are."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mpo import rundir
from mpo.__main__ import main
from mpo.evaluation.reading.single import faults_of
from mpo.rundir import Asked, progress
from mpo.training import external
from mpo.training.holding import locked
from tests.test_foreign_run import asked

PROGRAM = """
import pathlib, sys, time
from mpo.rundir import foreign_run

with foreign_run(sys.argv[-1]) as run:
    with pathlib.Path("trained").open("a") as file:
        file.write("once\\n")
    while "slow" in sys.argv:
        time.sleep(0.05)
    for step, episodes in run.asked.evaluations.items():
        run.evaluated(step, [{"return": 1.0, "length": 5}] * episodes)
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A command that trains, and counts how often."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    return [sys.executable, "program.py"]


def trainings() -> int:
    return Path("trained").read_text().count("once")


def files(run: Asked) -> dict[str, bytes]:
    return {name: Path(run.out, name).read_bytes() for name in rundir.RUN_FILES}


def left(run: Asked) -> list[str]:
    return sorted(path.name for path in Path(run.state).iterdir())


def test_a_finished_run_is_put_in_place(tmp_path: Path, program: Sequence[str]) -> None:
    run = asked(tmp_path)
    assert external.train(run, program) == "completed"
    assert faults_of(Path(run.out))[1] == []
    assert left(run) == [rundir.FINISHED]
    before = files(run)
    assert external.train(run, program) == "completed"  # as it lies there
    shutil.rmtree(run.out)
    assert external.train(run, program) == "completed"
    assert (files(run), trainings()) == (before, 1)
    renamed = asked(tmp_path, variant="other", out=str(tmp_path / "elsewhere"))
    assert external.train(renamed, program) == "completed"
    described = json.loads(files(renamed)[rundir.RUN])
    assert (described["variant"], trainings()) == ("other", 1)


def test_other_code_seeds_and_a_fresh_run_are_trained(
    tmp_path: Path, program: Sequence[str]
) -> None:
    run = asked(tmp_path)
    external.train(run, program)
    Path(run.state, "own").mkdir()
    assert external.train(run, program, fresh=True) == "completed"
    assert (trainings(), left(run)) == (2, [rundir.FINISHED])
    external.train(asked(tmp_path, code_digest="d" * 64), program)
    assert trainings() == 3


def test_a_kept_run_that_is_not_whole_is_trained_again(
    tmp_path: Path, program: Sequence[str]
) -> None:
    run = asked(tmp_path)
    external.train(run, program)
    shutil.rmtree(run.out)
    Path(run.state, rundir.FINISHED, rundir.EVALUATIONS).write_text("step\n")
    external.train(run, program)
    assert trainings() == 2


def test_checksums_are_of_what_any_program_wrote(tmp_path: Path, program: Sequence[str]) -> None:
    """One in another language may leave them out."""
    run = asked(tmp_path)
    external.train(run, program)
    described = json.loads(files(run)[rundir.RUN])
    sums = described.pop("files")
    shutil.copytree(run.out, "written")
    Path("written", rundir.RUN).write_text(json.dumps(described))
    shutil.rmtree(run.out)
    shutil.rmtree(run.state)
    copy = "import shutil, json, sys; shutil.copytree('written', json.loads(sys.argv[-1])['out'])"
    assert external.train(run, [sys.executable, "-c", copy]) == "completed"
    assert json.loads(files(run)[rundir.RUN])["files"] == sums


@pytest.mark.parametrize(
    ("command", "said", "status"),
    [
        (["false"], "false ended with status 1", 1),
        ([sys.executable, "-c", "import sys; sys.exit(7)"], "ended with status 7", 7),
        (["true"], "is not the run that was asked for, with settings_digest", 1),
    ],
)
def test_a_program_that_fails_is_told(
    tmp_path: Path, command: list[str], said: str, status: int
) -> None:
    run = asked(tmp_path)
    with pytest.raises(external.ProgramError, match=said) as raised:
        external.train(run, command)
    assert raised.value.status == status
    ended = progress.read(Path(run.state))["ended"]
    assert ended["how"] == "failed"
    assert said in ended["why"]
    assert not Path(run.out).exists()


def test_a_signal_is_the_program_s(tmp_path: Path, program: Sequence[str]) -> None:
    """And its last word is what progress.json says; the next one starts over."""
    run = asked(tmp_path)
    command = [sys.executable, "-m", "mpo", "external", run.written(), *program]
    with subprocess.Popen([*command, "slow"], stderr=subprocess.PIPE, text=True) as job:
        until(lambda: Path("trained").is_file())
        job.send_signal(signal.SIGTERM)
        assert job.stderr is not None
        assert "ended with status 143" in job.stderr.read()
    assert job.returncode == 143
    assert progress.read(Path(run.state))["ended"]["how"] == "stopped"
    assert external.train(run, program) == "completed"
    assert trainings() == 2


def test_a_program_that_says_nothing_is_still_heard_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one in another language: whoever waits for the run takes silence for its end."""
    run, said = asked(tmp_path), []
    monkeypatch.setattr(external, "HEARD_S", 0.05)

    def still(state: Path, silent_s: float) -> None:
        before = progress.read(state)["time"]
        spoken(state, silent_s)
        said.append(progress.read(state)["time"] - before)

    spoken = progress.still
    monkeypatch.setattr(progress, "still", still)
    silent = ["sh", "-c", "sleep 1; exit 3"]
    with pytest.raises(external.ProgramError, match="ended with status 3"):
        external.train(run, silent)
    assert len(said) > 1 and max(said) >= 0.05
    assert progress.read(Path(run.state))["doing"] == "starting"


def test_a_second_job_waits(tmp_path: Path, program: Sequence[str]) -> None:
    run = asked(tmp_path)
    command = [sys.executable, "-m", "mpo", "external", run.written(), *program]
    with locked(Path(run.state)):
        job = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert job.stderr is not None
        assert "is training this run already; waiting for it" in job.stderr.readline()
        assert not Path("trained").exists()
    with job:
        job.stderr.read()
    assert (job.returncode, trainings()) == (0, 1)


def test_the_command_line(
    tmp_path: Path, program: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run = asked(tmp_path)
    assert main(["external", run.written(), *program]) == 0
    assert main(["external", "--fresh", run.written(), *program]) == 0
    assert trainings() == 2
    assert main(["external", "{}", *program]) == 2
    assert main(["external", "--fresh", run.written(), "no-such-program"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert "RUN: '{}' is no run" in lines[-2]
    assert lines[-1] == "mpo: no-such-program: No such file or directory"


def until(so: Any) -> None:
    deadline = time.monotonic() + 60
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
