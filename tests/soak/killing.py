"""Trains runs as processes of their own that kill themselves, again and again, until they finish.

The moment is counted, in calls and returns of whatever function, so that it is the same one on a
fast machine and on a slow one. Of the kills, half come at such a moment, the others while a
checkpoint is being written, and the last while the results are; what is half-written then stays
behind, as after a crash. Processes come from a fork server that has imported PyTorch already, so
that a kill costs no start-up.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import multiprocessing
import os
import signal
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import numpy as np

from mpo import rundir
from mpo.settings import Settings, settings
from mpo.study.entries import load_variants
from mpo.training import checkpoints, progress, run
from mpo.training.job import Job
from tests.runs import contents, job, state_of

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
WRITES = 20
"""Fewer than a checkpoint takes."""
COUNT = "count"
APART = 100
"""Moments of a run, decisions most of them, between two checkpoints."""


def small(variant: str, task: str, steps: int, **more: Any) -> Settings:
    """The variant on the task with tiny networks, for so many control steps."""
    fields = load_variants()[variant].settings
    sizes = ITERATIONS if fields.get("protocol") == "iterations" else OFF_POLICY
    own = {"environment": ENVIRONMENTS[task], "steps": steps}
    return settings({**fields, **SMALL, **sizes, **own, **more})


@dataclass
class Fate:
    """When a process kills itself: so many calls and returns on, then so many writes.

    Writes are those to a file of the folder `where` under its temporary name. Counted from the
    start, or from the first checkpoint.
    """

    moments: float
    writes: int = 0
    where: Path | None = None
    after_checkpoint: bool = False
    passed: int = 0

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        """What `sys.setprofile` calls at every call and return, of built-in functions too."""
        if self.after_checkpoint:
            code = checkpoints.save.__code__
            self.after_checkpoint = not (event == "return" and frame.f_code is code)
            return
        self.passed += 1
        if self.passed < self.moments:
            return
        self.writes -= event == "c_return" and self._wrote(arg)
        if self.writes <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def _wrote(self, function: Any) -> bool:
        if function.__name__ != "write":
            return False
        path = Path(str(getattr(function.__self__, "name", "")))
        return path.name.endswith(rundir.TEMPORARY) and path.parent == self.where


@dataclass
class Survived:
    """How often a run was killed, how often of that while it wrote a file, and where it went on."""

    kills: int = 0
    while_writing: int = 0
    resumed_at: list[int] = field(default_factory=list)


def straight(folder: Path, chosen: Settings) -> tuple[dict[str, bytes], int]:
    """What the run writes when nothing interrupts it, and the calls and returns that it takes."""
    done = _job(folder, chosen)
    assert _exit(done, Fate(math.inf)) == 0
    return contents(done), int((folder / COUNT).read_text())


def killed(
    folder: Path, chosen: Settings, kills: int, seed: int, moments: int
) -> tuple[dict[str, bytes], Survived]:
    """What the run writes when it is killed `kills` times and started again each time.

    `seed` draws when. Between two kills lies at most so much of the straight run's `moments`
    that all but the last fall before its end; the first falls after the first checkpoint.
    """
    rng, found = np.random.default_rng(seed), Survived()
    mortal = _job(folder, chosen)
    for kill in range(kills):
        fate = Fate(int(rng.integers(moments // (2 * kills + 2))), after_checkpoint=kill == 0)
        if kill == kills - 1:
            fate = Fate(0, int(rng.integers(len(rundir.RUN_FILES))) + 1, _kept(mortal))
        elif kill % 2:
            fate = replace(fate, writes=int(rng.integers(WRITES)) + 1, where=mortal.state_folder)
        assert _exit(mortal, fate) == -signal.SIGKILL, f"not struck: {fate}"
        found.kills += 1
        found.while_writing += bool(_half_written(mortal))
        assert _half_written(mortal) or not fate.where
        _nothing_partial(mortal)
    assert _exit(mortal, Fate(math.inf)) == 0
    _nothing_partial(mortal)
    record = json.loads((mortal.out / rundir.RUN).read_text())
    found.resumed_at = record["resumed_at"]
    assert state_of(mortal) == [rundir.FINISHED]
    assert sorted(path.name for path in mortal.out.iterdir()) == sorted(rundir.RUN_FILES)
    return contents(mortal), found


def _job(folder: Path, chosen: Settings) -> Job:
    """With a checkpoint every so many moments, which `in_moments` makes of seconds."""
    return replace(job(folder, chosen), checkpoint_s=APART)


def _kept(mortal: Job) -> Path:
    return mortal.state_folder / rundir.FINISHED


def _exit(mortal: Job, fate: Fate) -> int | None:
    """Train in a process of its own; its exit code."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(
        ["mpo.training.run", "mpo.training.protocols.off_policy", "tests.soak.killing"]
    )
    process = server.Process(target=_live, args=(mortal, fate))
    process.start()
    process.join()
    return process.exitcode


def _live(mortal: Job, fate: Fate) -> None:
    in_moments()
    sys.setprofile(fate)
    in_silence(mortal)
    sys.setprofile(None)
    mortal.out.with_name(COUNT).write_text(str(fate.passed))


def in_moments() -> None:
    """From now on, checkpoints and reports fall due after so many moments, not seconds."""
    run.time = SimpleNamespace(monotonic=itertools.count().__next__)  # type: ignore[assignment]
    progress.INTERVAL_S = 5 * APART


def in_silence(mortal: Job) -> None:
    """What the process does; it says nothing, and ends with 0 or an exception's 1."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
        run.train(mortal, bar=False)


def _half_written(mortal: Job) -> list[Path]:
    folders = (mortal.state_folder, _kept(mortal), mortal.out)
    return [path for folder in folders for path in folder.glob(f".*{rundir.TEMPORARY}")]


def _nothing_partial(mortal: Job) -> None:
    """Whatever bears a final name is whole: every table ends a line, run.json vouches for all."""
    for name in (rundir.EVALUATIONS, rundir.TRAINING, rundir.TIMING):
        path = mortal.out / name
        assert not path.exists() or path.read_bytes().endswith(b"\n"), path
    path = mortal.out / rundir.RUN
    if path.exists():
        assert rundir.altered(mortal.out, json.loads(path.read_text())) == []
