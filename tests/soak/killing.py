"""Trains runs as processes of their own and kills them, again and again, until they finish.

Half of the kills come at a random moment, the other half while a file is being written, which is
seen by its temporary name; what is half-written then stays behind, as after a crash. Processes
come from a fork server that has imported PyTorch already, so that a kill costs no start-up.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mpo import rundir
from mpo.settings import Settings, settings
from mpo.study.entries import load_variants
from mpo.training.checkpoints import CURRENT, OWNER
from mpo.training.job import Job
from mpo.training.run import train
from tests.runs import contents, job

ENVIRONMENTS = {
    "cartpole-balance": "dm_control/cartpole-balance-v0",
    "InvertedDoublePendulum-v5": "InvertedDoublePendulum-v5",
}
"""A task of dm_control, whose episodes last 1,000 steps, and one whose episodes terminate."""
SMALL: dict[str, Any] = {
    "policy_hidden": (16, 16),
    "critic_hidden": (16, 16),
    "batch_size": 16,
    "action_samples": 5,
    "evaluation_points": 2,
    "evaluation_episodes": 1,
    "evaluation_final_episodes": 1,
    "compile": False,
}
OFF_POLICY: dict[str, Any] = {
    "steps_per_update": 8,
    "minimum_replay": 200,
    "sequence_length": 4,
    "policy_target_period": 50,
    "critic_target_period": 25,
    "logging_updates": 40,
}
ITERATIONS: dict[str, Any] = {"iteration_episodes": 4, "episode_steps": 60}
PATIENCE_S = 60.0
"""How long a process may take for what takes it a second when the machine is idle."""


def small(variant: str, task: str, steps: int, **more: Any) -> Settings:
    """The variant on the task with tiny networks, for so many control steps."""
    fields = load_variants()[variant].settings
    sizes = ITERATIONS if fields.get("protocol") == "iterations" else OFF_POLICY
    own = {"environment": ENVIRONMENTS[task], "steps": steps}
    return settings({**fields, **SMALL, **sizes, **own, **more})


@dataclass
class Survived:
    """How often a run was killed, how often of that while it wrote a file, and where it went on."""

    kills: int = 0
    while_writing: int = 0
    attempts: int = 0
    resumed_at: list[int] = field(default_factory=list)


def straight(folder: Path, chosen: Settings) -> tuple[dict[str, bytes], float]:
    """What the run writes when nothing interrupts it, and the seconds that it takes."""
    done = job(folder, chosen)
    process = _start(done)
    _await_lock(process, done.state_folder)
    begun = time.monotonic()
    process.join()
    assert process.exitcode == 0, f"the uninterrupted run ended with {process.exitcode}"
    return contents(done), time.monotonic() - begun


def killed(
    folder: Path, chosen: Settings, kills: int, seed: int, span_s: float
) -> tuple[dict[str, bytes], Survived]:
    """What the run writes when it is killed up to `kills` times and started again each time.

    `seed` draws the moments, at most `span_s` seconds after a start, the first one after the
    first checkpoint. A run that has been killed often enough is left to finish. Every episode's
    end is a checkpoint.
    """
    rng, found = np.random.default_rng(seed), Survived()
    mortal = replace(job(folder, chosen), checkpoint_s=0.0)
    while not (mortal.out / rundir.RUN).exists():
        assert found.attempts <= 3 * kills + 3, f"no end after {found.attempts} attempts"
        found.attempts += 1
        process = _start(mortal)
        if found.kills < kills:
            _await_lock(process, mortal.state_folder)
            if found.attempts == 1:
                _await(process, (mortal.state_folder / CURRENT).exists)
            process.join(timeout=rng.uniform(0.0, span_s))
            if found.attempts % 2 == 0:
                _await(process, lambda: _half_written(mortal))
            process.kill()
        process.join()
        assert process.exitcode in (0, -9), f"a process ended with {process.exitcode}"
        if process.exitcode == -9:
            found.kills += 1
            found.while_writing += bool(_half_written(mortal))
        _nothing_partial(mortal)
    record = json.loads((mortal.out / rundir.RUN).read_text())
    found.resumed_at = record["resumed_at"]
    assert not mortal.state_folder.exists(), sorted(mortal.state_folder.iterdir())
    assert sorted(path.name for path in mortal.out.iterdir()) == sorted(rundir.RUN_FILES)
    return contents(mortal), found


def _start(mortal: Job) -> Any:
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(
        ["mpo.training.run", "mpo.training.protocols.off_policy", "tests.soak.killing"]
    )
    process = server.Process(target=in_silence, args=(mortal,))
    process.start()
    return process


def in_silence(mortal: Job) -> None:
    """What the process does; it says nothing, and ends with 0 or an exception's 1."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
        train(mortal, bar=False)


def _await_lock(process: Any, state: Path) -> None:
    """Until the process has begun, since before that there is nothing to lose."""

    def begun() -> bool:
        with contextlib.suppress(FileNotFoundError):
            return f"process {process.pid} " in (state / OWNER).read_text()
        return False

    _await(process, begun)


def _await(process: Any, condition: Callable[[], Any]) -> None:
    """Until it holds or the process ends; without sleep, as a file is written in a millisecond."""
    deadline = time.monotonic() + PATIENCE_S
    while process.is_alive() and time.monotonic() < deadline and not condition():
        pass


def _half_written(mortal: Job) -> list[Path]:
    folders = (mortal.state_folder, mortal.out)
    return [path for folder in folders for path in folder.glob(f".*{rundir.TEMPORARY}")]


def _nothing_partial(mortal: Job) -> None:
    """Whatever bears a final name is whole: every table ends a line, run.json vouches for all."""
    for name in (rundir.EVALUATIONS, rundir.TRAINING, rundir.TIMING):
        path = mortal.out / name
        assert not path.exists() or path.read_bytes().endswith(b"\n"), path
    path = mortal.out / rundir.RUN
    if path.exists():
        assert rundir.altered(mortal.out, json.loads(path.read_text())) == []
