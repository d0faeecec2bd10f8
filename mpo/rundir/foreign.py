"""Runs that other code trains: their files, as evaluation reads them, and how far they are.

    with rundir.foreign_run(sys.argv[1]) as run:
        for step, episodes in run.asked.evaluations.items():
            ...  # train until `step` control steps were taken; run.report(now) tells how far it is
            run.evaluated(step, [{"return": 812.5, "length": 1000}, ...])  # as many as `episodes`

`sys.argv[1]` is what a rule hands over, `params.run`. Identity, seeds and digests come from it.
"""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from mpo.rundir import files, progress
from mpo.rundir.asked import Asked, Divergence
from mpo.rundir.machine import processor

EPISODE = ("return", "length")
"""What must be said of an evaluation's episode; the other columns of the table may be."""
OPTIONAL = ("value_estimate", "discounted_return")


class ForeignRun:
    """A run under way; `foreign_run` makes it."""

    def __init__(self, asked: Asked) -> None:
        """Nothing is trained yet."""
        self.asked = asked
        self.step = 0
        """Control steps so far, as last reported."""
        self.evaluations: list[dict[str, float]] = []
        self.training: list[dict[str, float]] = []
        self._return = math.nan
        self._wall, self._cpu = time.monotonic(), sum(os.times()[:4])
        self._said = -math.inf

    @property
    def due(self) -> float:
        """The control step of the next evaluation; infinite after the last."""
        done = {row["step"] for row in self.evaluations}
        return next((step for step in self.asked.evaluations if step not in done), math.inf)

    def report(self, step: int) -> None:
        """Say how far the run is, as often as it likes; `mpo status` shows it."""
        self.step = step = int(step)
        wall_s, cpu_s = self.spent
        if time.monotonic() - self._said < progress.INTERVAL_S:
            return
        self._said = time.monotonic()
        content = {
            "step": step,
            "steps": self.asked.steps,
            "doing": "training",
            "steps_per_s": round(step / max(wall_s, 1e-9), 3),
            "return": None if math.isnan(self._return) else self._return,
            "wall_s": wall_s,
            "cpu_s": cpu_s,
        }
        progress.write(Path(self.asked.state), {**labels(self.asked), **content})

    def evaluated(self, step: int, episodes: Sequence[Mapping[str, float]]) -> None:
        """The evaluation that was due at `step`: of each episode `return` and `length`.

        The length is in control steps. `value_estimate` and `discounted_return` may be given too.
        Raises ValueError for what was not asked for, `Divergence` for a return that is not finite.
        """
        if step != self.due:
            _refuse("step", step, f"the next evaluation is due at {self.due}")
        wanted = self.asked.evaluations[step]
        if len(episodes) != wanted:
            _refuse("episodes", len(episodes), f"{wanted} are asked for at step {step}")
        for episode in episodes:
            if lacking := [name for name in EPISODE if name not in episode]:
                _refuse("episodes", dict(episode), f"each has {lacking[0]}")
        if not all(math.isfinite(episode["return"]) for episode in episodes):
            raise Divergence("return", f"of the evaluation at step {step}")
        for index, episode in enumerate(episodes):
            known = {name: float(episode.get(name, math.nan)) for name in OPTIONAL}
            own = {"return": float(episode["return"]), "length": int(episode["length"])}
            self.evaluations.append({"step": int(step), "episode": index, **own, **known})
        self._return = sum(float(each["return"]) for each in episodes) / wanted
        self.report(step)

    def trained(self, step: int, updates: int, **columns: float) -> None:
        """A row of training.csv, of those of its columns that mean something here.

        Raises ValueError for an unknown one, and for updates that are not more than the last row's.
        """
        if unknown := [name for name in columns if name not in files.TRAINING_COLUMNS]:
            _refuse("trained", unknown[0], f"columns are {', '.join(files.TRAINING_COLUMNS)}")
        if self.training and updates <= self.training[-1]["updates"]:
            _refuse("updates", updates, f"more than {self.training[-1]['updates']} are")
        numbers = {name: float(value) for name, value in columns.items()}
        self.training.append({"step": int(step), "updates": int(updates), **numbers})
        self.report(step)

    @property
    def spent(self) -> tuple[float, float]:
        """Wall and processor's seconds of this process and its children, since the run began."""
        return time.monotonic() - self._wall, sum(os.times()[:4]) - self._cpu


@contextmanager
def foreign_run(asked: Asked | str, packages: Sequence[str] = ()) -> Iterator[ForeignRun]:
    """A run that other code trains, from what its rule hands over: an `Asked`, or its text.

    In the block the program trains, and says so by the methods of what it is given: `evaluated` at
    each of `asked.evaluations`, `trained` where it has something to log, `report` in between. At
    its end the run's files are written, whole, run.json last: identity, seeds and digests as
    asked, the versions of `packages`, seconds and checksums. Meanwhile `mpo status` shows how far
    the run is and, where the block raises, that and why it failed or, at SIGTERM or Ctrl-C,
    stopped; then nothing is written, and the exception goes on. A `Divergence` is no such fault: it
    ends the block, and the run counts as diverged, with the evaluations up to there.

    Raises ValueError where evaluations are left out, OSError where nothing can be written, and
    PackageNotFoundError, before anything is trained, where one of `packages` is not installed.
    """
    versions = {name: importlib.metadata.version(name) for name in packages}
    wanted = Asked.read(asked) if isinstance(asked, str) else asked
    state, out = Path(wanted.state), Path(wanted.out)
    files.require_writable(out)
    (state / progress.PROGRESS).unlink(missing_ok=True)
    progress.begin(state, labels(wanted), wanted.steps)
    run, divergence = ForeignRun(wanted), None
    with _stopping():
        try:
            try:
                yield run
            except Divergence as error:
                what = {"what": error.what, "where": error.where}
                divergence = {"step": run.step, "updates": _updates(run), **what}
            if divergence is None and run.due < math.inf:
                _refuse("evaluations", len(run.evaluations), f"one is due at step {run.due:.0f}")
            _write(run, out, divergence, versions)
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt | SystemExit)
            progress.end(state, progress.STOPPED if stopped else progress.FAILED, error)
            raise
    (state / progress.PROGRESS).unlink(missing_ok=True)
    with suppress(OSError):  # something of the program's own is there
        state.rmdir()


def labels(asked: Asked) -> dict[str, Any]:
    """What a reader calls the run."""
    return {"task": asked.task, "variant": asked.variant, "seed": asked.seed}


@contextmanager
def _stopping() -> Iterator[None]:
    """SIGTERM as an exception, once, unless the program sees to it, or in another thread."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def stop(number: int, _: Any) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)  # a job's processes may get it from several sides
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _write(
    run: ForeignRun, out: Path, divergence: dict[str, Any] | None, versions: Mapping[str, str]
) -> None:
    asked = run.asked
    used = {name for row in run.training for name in row} | set(files.TRAINING_COLUMNS[:2])
    columns = [name for name in files.TRAINING_COLUMNS if name in used]
    rows = [{name: row.get(name, math.nan) for name in columns} for row in run.training]
    contents = {
        files.EVALUATIONS: files.table(files.EVALUATION_COLUMNS, run.evaluations),
        files.TRAINING: files.table(columns, rows),
        files.TIMING: files.table(files.TIMING_COLUMNS, []),
        files.POLICY: b"",
    }
    wall_s, cpu_s = run.spent
    model, flags = processor()
    description = {
        "format": files.FORMAT,
        **labels(asked),
        "study_seed": asked.study_seed,
        "status": files.DIVERGED if divergence else files.COMPLETED,
        "divergence": divergence,
        "settings": asked.settings,
        "settings_digest": asked.settings_digest,
        "code_digest": asked.code_digest,
        "steps": run.step if divergence else asked.steps,
        "updates": _updates(run),
        "versions": {"python": platform.python_version(), **versions},
        "machine": {"cpu": model, "flags": flags, "cores": os.cpu_count()},
        "wall_s": round(wall_s, 3),
        "cpu_s": round(cpu_s, 3),
        "files": {name: files.checksum(content) for name, content in contents.items()},
    }
    (out / files.RUN).unlink(missing_ok=True)  # an older one must not vouch for these files
    for name, content in contents.items():
        files.write_atomically(out / name, content)
    files.write_atomically(out / files.RUN, files.json_bytes(description))


def _updates(run: ForeignRun) -> int:
    return int(run.training[-1]["updates"]) if run.training else 0


def _refuse(field: str, value: Any, allowed: str) -> NoReturn:
    raise ValueError(f"{field}: {value!r} is not allowed; {allowed}")
