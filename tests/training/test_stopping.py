"""A run that is asked to stop does so wherever it is, and goes on there with the same bytes.

Nothing waits for a time: the moment of a signal is a call of a method, which sends it first.
"""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mpo import rundir
from mpo.algorithm.computing.devices import cpu
from mpo.rundir import PROGRESS
from mpo.training import checkpoints, holding, outcome, run, session
from mpo.training.checkpoints import CURRENT
from mpo.training.environment import Environment, require_contract
from mpo.training.job import Job
from mpo.training.protocols.off_policy import Training
from mpo.training.stopping import Interrupted
from tests.environments import PREFIX
from tests.runs import TRIED, contents, described, job, signalled, state_of, tiny

pytestmark = pytest.mark.usefixtures("unchecked")
SHORT: dict[str, Any] = {
    "steps": 240,
    "evaluation_points": 2,
    "evaluation_final_episodes": 1,
    "minimum_replay": 100,
    "logging_updates": 10,
}
SUITE = {
    "acrobot-swingup": 1,
    "ball_in_cup-catch": 1,
    "cartpole-swingup": 4,
    "cheetah-run": 1,
    "finger-spin": 2,
    "hopper-stand": 1,
    "manipulator-bring_ball": 1,
    "pendulum-swingup": 1,
    "point_mass-hard": 1,
    "walker-walk": 2,
}
"""Tasks of dm_control, some of which change their model at a reset, and an action repeat."""
GYMNASIUM = {"Hopper-v5": 1, "InvertedDoublePendulum-v5": 1, "Swimmer-v5": 1, "Walker2d-v5": 2}
"""All but Swimmer terminate."""
TASKS = {f"dm_control/{task}-v0": repeat for task, repeat in SUITE.items()} | GYMNASIUM
ALWAYS = {f"dm_control/{task}-v0" for task in ("cartpole-swingup", "finger-spin", "hopper-stand")}
ALWAYS |= {"Walker2d-v5"}
"""Those that are not left to `make soak`."""


def progress(stopped: Job) -> dict[str, Any]:
    return json.loads((stopped.state_folder / PROGRESS).read_text())


@pytest.fixture
def straight(tmp_path: Path) -> Job:
    """A run never interrupted, of 160 steps in episodes of 10, evaluated every 40."""
    done = job(tmp_path / "straight", tiny())
    assert run.train(done, bar=False) == "completed"
    return done


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("call", "step", "doing"),
    [
        (7, 7, "collecting"),
        (44, 40, "evaluating"),
        (58, 48, "collecting"),
        (205, 160, "evaluating"),
    ],
    ids=["before learning", "evaluation", "episode", "last episode of the last evaluation"],
)
def test_a_signal_saves_and_the_same_command_goes_on(
    straight: Job, tmp_path: Path, number: int, call: int, step: int, doing: str
) -> None:
    """The handlers come back, no file is written, and what is done is not done again."""
    resumed, before = job(tmp_path / "resumed", tiny()), signal.getsignal(number)
    said = f"signal {int(number)} at step {step} of 160; the same command goes on from there"
    asked = signalled(Environment, "step", TRIED + call, number=number)
    with asked, pytest.raises(Interrupted, match=said):
        run.train(resumed, bar=False)
    assert signal.getsignal(number) is before
    assert not resumed.out.exists()
    assert (progress(resumed)["step"], progress(resumed)["doing"]) == (step, doing)
    assert run.train(resumed, bar=False) == "completed"
    assert contents(resumed) == contents(straight)
    assert described(resumed)["resumed_at"] == [step]
    assert described(resumed)["cut_at"] == []
    assert state_of(resumed) == [rundir.FINISHED]


@pytest.mark.parametrize(
    "environment",
    [pytest.param(task, marks=[] if task in ALWAYS else [pytest.mark.soak]) for task in TASKS],
)
def test_simulators_come_back_to_the_very_state(environment: str, tmp_path: Path) -> None:
    """Stopped at random decisions, in episodes and evaluations, and while it catches up."""
    chosen = tiny(SHORT, environment=environment, action_repeat=TASKS[environment])
    straight, stopped = job(tmp_path / "straight", chosen), job(tmp_path / "stopped", chosen)
    with signalled(Environment, "step") as tried:
        require_contract(chosen)
    with signalled(Environment, "step") as count:
        assert run.train(straight, bar=False) == "completed"
    draws = np.random.default_rng(len(environment))
    for stop in draws.integers(1, min((count() - tried()) // 4, 300), size=3):
        with signalled(Environment, "step", tried() + stop), pytest.raises(Interrupted):
            run.train(stopped, bar=False)
    assert run.train(stopped, bar=False) == "completed"
    assert contents(stopped) == contents(straight)
    found = described(stopped)
    assert found["cut_at"] == []
    assert found["resumed_at"]
    assert found["episodes"] == described(straight)["episodes"]


def test_an_episode_longer_than_the_replay_and_than_any_attempt(tmp_path: Path) -> None:
    """The only episode of the run, of which the replay keeps the last 50 decisions."""
    fields = {"replay_capacity": 50, "evaluation_points": 1, "evaluation_final_episodes": 1}
    chosen = tiny(fields, environment=PREFIX + "Long-v0")
    straight, stopped = job(tmp_path / "straight", chosen), job(tmp_path / "stopped", chosen)
    assert run.train(straight, bar=False) == "completed"
    with signalled(Environment, "step") as tried:
        require_contract(chosen)
    for step in (20, 90, 150):
        with signalled(Environment, "step", tried() + step), pytest.raises(Interrupted):
            run.train(stopped, bar=False)
    assert run.train(stopped, bar=False) == "completed"
    assert contents(stopped) == contents(straight)
    assert described(stopped)["episodes"] == 1


def test_stopped_while_it_catches_up_it_leaves_the_checkpoint_as_it_is(
    straight: Job, tmp_path: Path
) -> None:
    resumed = job(tmp_path / "resumed", tiny())
    with signalled(Environment, "step", TRIED + 58), pytest.raises(Interrupted, match="step 48"):
        run.train(resumed, bar=False)
    checkpoint = resumed.state_folder / CURRENT
    saved = checkpoint.read_bytes()
    with signalled(Environment, "step", TRIED + 3), pytest.raises(Interrupted, match="step 48"):
        run.train(resumed, bar=False)
    assert progress(resumed)["doing"] == "catching up"
    assert checkpoint.read_bytes() == saved
    assert run.train(resumed, bar=False) == "completed"
    assert contents(resumed) == contents(straight)


def test_a_checkpoint_that_falls_due_does_not_wait_for_the_episode_s_end(tmp_path: Path) -> None:
    """Nor for an evaluation's: there is one for every moment, if asked for."""
    frequent = replace(job(tmp_path, tiny()), checkpoint_s=0.0)
    with signalled(Environment, "step", TRIED + 58), pytest.raises(Interrupted, match="step 48"):
        run.train(frequent, bar=False)
    saved = [
        torch.load(file, weights_only=True)["training"]["collector"]["step"]
        for name in (CURRENT, checkpoints.PREVIOUS)
        for file in [(frequent.state_folder / name).open("rb")]
        if file.readline()
    ]
    assert saved == [48, 47]


class NotAtOnce(AssertionError):
    """The program went on after the signal."""


@contextmanager
def compiling(stops: bool) -> Iterator[None]:
    """A compiler that gives back the method; asked to stop, it would go on for ever."""

    def compiled(method: Any) -> Any:
        def called(*arguments: Any) -> None:
            if stops:
                os.kill(os.getpid(), signal.SIGTERM)
                raise NotAtOnce
            method(*arguments)

        return called

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpu, "compiled_in_place", compiled)
        patch.setattr(cpu, "can_compile", lambda: True)
        yield


def test_stopped_while_it_compiles_it_has_saved_what_came_before(tmp_path: Path) -> None:
    """At step 27 the first update is due, and 27 is where it goes on, twice."""
    chosen = tiny(compile=True)
    straight, stopped = job(tmp_path / "straight", chosen), job(tmp_path / "stopped", chosen)
    for _ in range(2):
        with compiling(stops=True), pytest.raises(Interrupted, match="from the last checkpoint"):
            run.train(stopped, bar=False)
        assert (progress(stopped)["step"], progress(stopped)["doing"]) == (27, "compiling")
    with compiling(stops=False):
        with signalled(Training, "_update", 2), pytest.raises(Interrupted, match="at step 31"):
            run.train(stopped, bar=False)  # no longer at once, once it has compiled
        assert run.train(stopped, bar=False) == "completed"
        assert run.train(straight, bar=False) == "completed"
    assert contents(stopped) == contents(straight)
    assert described(stopped)["resumed_at"] == [27, 27, 31]


def test_stopped_while_it_waits_for_another_process_it_leaves_that_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = job(tmp_path, tiny())
    owner = holding._holder

    def asked(state: Path) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        return owner(state)

    monkeypatch.setattr(holding, "WAIT_S", 0.0)
    with holding.locked(waiting.state_folder):
        before = sorted(path.name for path in waiting.state_folder.iterdir())
        with monkeypatch.context() as patch:
            patch.setattr(holding, "_holder", asked)
            with pytest.raises(Interrupted, match="signal 15; the same command goes on"):
                run.train(waiting, bar=False, wait=True)
        assert sorted(path.name for path in waiting.state_folder.iterdir()) == before
    assert run.train(waiting, bar=False) == "completed"


def test_stopped_while_it_reads_its_checkpoint_it_takes_it_for_no_damage(
    straight: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    resumed = job(tmp_path / "resumed", tiny())
    with signalled(Environment, "step", TRIED + 58), pytest.raises(Interrupted):
        run.train(resumed, bar=False)
    with monkeypatch.context() as patch:
        patch.setattr(torch, "load", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM))
        with pytest.raises(Interrupted):
            run.train(resumed, bar=False)
    assert run.train(resumed, bar=False) == "completed"
    assert contents(resumed) == contents(straight)
    assert "cannot be read" not in caplog.text


def test_a_signal_while_the_files_are_written_comes_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = outcome.write

    def writing(*arguments: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        write(*arguments)

    monkeypatch.setattr(outcome, "write", writing)
    done = job(tmp_path, tiny())
    assert run.train(done, bar=False) == "completed"
    assert state_of(done) == [rundir.FINISHED]


def test_a_simulator_that_does_not_repeat_itself_is_cut_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It draws from a generator that no seed resets. The episode ends where it was."""
    monkeypatch.setattr(session, "require_contract", lambda _: None)  # which would refuse it
    stopped = job(tmp_path, tiny(environment=PREFIX + "Unseeded-v0"))
    with signalled(Environment, "step", 16), pytest.raises(Interrupted):
        run.train(stopped, bar=False)
    assert run.train(stopped, bar=False) == "completed"
    found = described(stopped)
    assert (found["resumed_at"], found["cut_at"]) == ([16], [16])
    assert (found["steps"], found["episodes"]) == (160, 17)  # 10, 6, fourteen of 10, 4
    (line,) = [line for line in caplog.messages if "does not repeat itself" in line]
    assert "Unseeded-v0 does not repeat itself here: after a reset by the same seed" in line
    assert "6 of the same 6 actions, entry 0 of the observation was" in line
    assert "Its episode is cut at step 16" in line
