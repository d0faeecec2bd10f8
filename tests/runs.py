"""Tiny runs: settings of a few seconds, jobs, and what must be equal between two of them."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from mpo import rundir
from mpo.settings import Settings, settings
from mpo.training import checkpoints
from mpo.training.job import Job
from mpo.training.seeds import Seeds
from mpo.training.session import Session
from tests.environments import PREFIX

TINY: dict[str, Any] = {
    "environment": PREFIX + "LinearQuadratic-v0",
    "steps": 160,
    "steps_per_update": 4,
    "minimum_replay": 24,
    "evaluation_points": 4,
    "evaluation_episodes": 1,
    "evaluation_final_episodes": 2,
    "policy_hidden": (7, 6),
    "critic_hidden": (8, 6),
    "batch_size": 16,
    "sequence_length": 4,
    "action_samples": 5,
    "logging_updates": 8,
    "compile": False,
}
"""About 30 updates over 16 episodes, evaluated at 40, 80, 120 and 160 steps."""
TRIED = 2 * (2 + 10)
"""Steps of its environment that are tried before a run starts (`require_contract`): twice, a step
to each bound and its whole episode of 10."""
PERIODS = {"policy_target_period": 10, "critic_target_period": 5}
BYTES = (rundir.EVALUATIONS, rundir.TRAINING, rundir.POLICY)
"""Files that two runs of the same settings and seeds must have in common, byte for byte."""


def tiny(fields: dict[str, Any] | None = None, **more: Any) -> Settings:
    """Settings of a tiny run, whose sequences have 4 steps and whose targets refresh."""
    return settings({**TINY, **PERIODS, **(fields or {}), **more})


def seeds(seed: int = 0, study_seed: int = 1) -> Seeds:
    """Those of a `job`."""
    return Seeds(study_seed, "toy", seed)


def job(folder: Path, chosen: Settings, seed: int = 0, study_seed: int = 1) -> Job:
    """A job whose files and state lie below `folder`."""
    return Job("toy", "variant", seed, study_seed, chosen, folder / "out", folder / "state")


def contents(done: Job) -> dict[str, bytes]:
    """The files that must be equal."""
    return {name: (done.out / name).read_bytes() for name in BYTES}


def described(done: Job) -> dict[str, Any]:
    """What the run's run.json says."""
    return json.loads((done.out / rundir.RUN).read_text())


def state_of(done: Job) -> list[str]:
    """What lies in the state folder of a job."""
    return sorted(path.name for path in done.state_folder.iterdir())


def finish(training: Session) -> None:
    """Train to the end."""
    for _ in training.walk():
        pass


def walk_until(training: Session, met: Callable[[], bool]) -> None:
    """Train until the first moment at which the condition is met."""
    walk = training.walk()
    while not met():
        next(walk)


def saved_on_the_way(training: Session, folder: Path, every: int) -> Iterator[dict[str, Any]]:
    """What comes back from the disk of a checkpoint at every so many moments of its walk."""
    for number, _ in enumerate(training.walk()):
        if number % every == 0:
            checkpoints.save(folder, training.checkpoint())
            saved, said = checkpoints.load(folder)
            assert saved is not None and not said
            yield saved


@contextmanager
def signalled(
    owner: type, method: str, *calls: int, number: int = signal.SIGTERM
) -> Iterator[Callable[[], int]]:
    """Each of these calls of a method, counted from 1, sends a signal to this process first.

    Gives what says how many calls there were.
    """
    original, count = getattr(owner, method), 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count in calls:
            os.kill(os.getpid(), number)
        return original(*args, **kwargs)

    with mock.patch.object(owner, method, counted):
        yield lambda: count
