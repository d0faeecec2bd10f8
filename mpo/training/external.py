"""A run that a program of the user's own trains: by one process at a time, and kept as MPO's are.

The program, in whatever language, writes the run's files and ends with status 0. What it was doing
when it is killed is lost, unless it keeps something in the run's state folder itself.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mpo import rundir
from mpo.rundir import Asked, progress
from mpo.rundir.foreign import labels
from mpo.training import finished
from mpo.training.holding import LOCK, OWNER, clear, locked

HEARD_S = 60.0
"""Between two signs of life of a program that gives none."""


class ProgramError(RuntimeError):
    """The program failed, with a `status` that is not 0, or what it wrote is no run."""

    def __init__(self, what: str, status: int = 1) -> None:
        super().__init__(what)
        self.status = status


@dataclass(frozen=True)
class External:
    """The run that a study asks for, as `finished` looks for it."""

    asked: Asked

    @property
    def out(self) -> Path:
        return Path(self.asked.out)

    @property
    def variant(self) -> str:
        return self.asked.variant

    @property
    def settings_digest(self) -> str:
        return self.asked.settings_digest

    @property
    def equal_codes(self) -> tuple[str]:
        return (self.asked.code_digest,)

    @property
    def state_folders(self) -> list[Path]:
        return [Path(self.asked.state)]


def train(asked: Asked, program: Sequence[str], fresh: bool = False) -> str:
    """Have `program` train the run, which it is handed as its last argument; the run's status.

    A run that was finished before is not trained again but put in place, unless it is to be a
    `fresh` one. Where another process trains it, wait until it is done. Raises `ProgramError`,
    CheckpointError where another process took the run over, and OSError where nothing can be
    written or there is no such program.
    """
    run, state = External(asked), Path(asked.state)
    if not fresh and (status := finished.in_place(run)):
        return status
    rundir.require_writable(run.out)
    with locked(state, wait=True) as held:
        if fresh:
            _empty(state)
        status = None if fresh else finished.in_place(run) or finished.restored(run)
        if status is None:
            _run(asked, program)
            held.require()
            _keep(run)
            status = finished.put_in_place(state / rundir.FINISHED, run)
        clear(state)
    return status


def _empty(state: Path) -> None:
    """Remove what is kept of the run, the program's own files too."""
    finished.forget(state)
    for path in state.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in (LOCK, OWNER):
            path.unlink()


def _run(asked: Asked, program: Sequence[str]) -> None:
    """Run the program to its end; where that is none, progress.json says so, if it does not yet."""
    state = Path(asked.state)
    progress.begin(state, labels(asked), asked.steps)
    with _handing_on() as programs:
        programs.append(subprocess.Popen([*program, asked.written()]))
        status = _awaited(programs[0], state)
    if not status:
        return
    stopped = status in (-signal.SIGTERM, 128 + signal.SIGTERM, -signal.SIGINT)
    why = f"{program[0]} ended with status {status}"
    if "ended" not in progress.read(state):
        progress.end(state, progress.STOPPED if stopped else progress.FAILED, why)
    raise ProgramError(why, status if status > 0 else 128 - status)


def _awaited(program: subprocess.Popen[bytes], state: Path) -> int:
    """The status with which the program ends; until then progress.json says that it has not.

    A program need not report by itself, and who waits for the run takes silence for an end.
    """
    while True:
        with suppress(subprocess.TimeoutExpired):
            return program.wait(timeout=HEARD_S)
        progress.still(state, HEARD_S)


@contextmanager
def _handing_on() -> Iterator[list[subprocess.Popen[bytes]]]:
    """A list of programs that get SIGTERM too; Ctrl-C a terminal sends to them itself."""
    programs: list[subprocess.Popen[bytes]] = []

    def hand_on(number: int, _: object) -> None:
        if not programs:
            raise SystemExit(128 + number)
        for program in programs:
            program.send_signal(number)

    handlers = {signal.SIGTERM: hand_on, signal.SIGINT: lambda *_: None}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield programs
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _keep(run: External) -> None:
    """Keep what the program wrote, with checksums. Raises `ProgramError` where it is no run."""
    if not rundir.is_complete(run.out, run.settings_digest, *run.equal_codes):
        what = (
            f"{run.out} is not the run that was asked for, with settings_digest "
            f"{run.settings_digest} and code_digest {run.asked.code_digest}; "
            f"mpo check run {run.out} says what is missing or wrong in it"
        )
        progress.end(Path(run.asked.state), progress.FAILED, what)
        raise ProgramError(what)
    names = [name for name in rundir.RUN_FILES if name != rundir.RUN]
    files = {name: (run.out / name).read_bytes() for name in names}
    description = json.loads((run.out / rundir.RUN).read_text(encoding="utf-8"))
    description["files"] = {name: rundir.checksum(content) for name, content in files.items()}
    finished.keep(Path(run.asked.state), files, description)
