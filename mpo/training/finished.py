"""Finished runs, kept by what they are: files that are gone, or another name, cost no training.

A run's files are written to `state/<digests>/finished/` and put in place from there. The digests
are of settings, seeds and code and hold no name of a study or a variant. So whatever asks for the
same run again, as a rerun that deleted it, a requeued job, a variant or a study by another name,
has it put in place, until `mpo clean` removes what is kept.
"""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from mpo import rundir

log = logging.getLogger("mpo")


class Wanted(Protocol):
    """A run by what its files must be; a `Job` is one."""

    @property
    def out(self) -> Path:
        """Where its files go."""
        ...

    @property
    def variant(self) -> str:
        """Which its run.json names."""
        ...

    @property
    def settings_digest(self) -> str:
        """Of its settings and seeds."""
        ...

    @property
    def equal_codes(self) -> Collection[str]:
        """Digests of the codes by which it may be trained."""
        ...

    @property
    def state_folders(self) -> Sequence[Path]:
        """Where it may be kept, its own state folder first."""
        ...


def in_place(run: Wanted) -> str | None:
    """The status of `run` if its files are there, whole and its own, else None."""
    if not rundir.is_complete(run.out, run.settings_digest, *run.equal_codes):
        return None
    log.warning("%s holds this run already, complete; --fresh trains it again", run.out)
    return str(json.loads((run.out / rundir.RUN).read_text(encoding="utf-8"))["status"])


def restored(run: Wanted) -> str | None:
    """The status of `run`, now in its place, if it was finished before and is kept, else None."""
    if (folder := kept(run)) is None:
        return None
    status = put_in_place(folder, run)
    log.warning("%s: put in place from %s; --fresh trains it again", run.out, folder)
    return status


def keep(state: Path, files: Mapping[str, bytes], description: Mapping[str, Any]) -> None:
    """Write a finished run into its state folder, what describes it last."""
    folder = state / rundir.FINISHED
    rundir.sweep(folder)
    (folder / rundir.RUN).unlink(missing_ok=True)  # an older one must not vouch for these files
    for name, content in files.items():
        rundir.write_atomically(folder / name, content)
    rundir.write_atomically(folder / rundir.RUN, rundir.json_bytes(description))


def kept(run: Wanted) -> Path | None:
    """Where `run` is kept, finished, whole, and by its code or one shown equal."""
    for folder in run.state_folders:
        if rundir.is_complete(folder / rundir.FINISHED, run.settings_digest, *run.equal_codes):
            return folder / rundir.FINISHED
    return None


def put_in_place(folder: Path, run: Wanted) -> str:
    """Make the files of `run` of those that are kept in `folder`; the run's status.

    Hard links where that is possible, so that they take no room, but for run.json, which names the
    variant.
    """
    described = json.loads((folder / rundir.RUN).read_text(encoding="utf-8"))
    rundir.sweep(run.out)
    (run.out / rundir.RUN).unlink(missing_ok=True)
    for name in described["files"]:
        rundir.link(folder / name, run.out / name)
    described["variant"] = run.variant
    rundir.write_atomically(run.out / rundir.RUN, rundir.json_bytes(described))
    return str(described["status"])


def forget(state: Path) -> None:
    """Remove the finished run that is kept in a state folder, if there is one."""
    folder = state / rundir.FINISHED
    if not folder.is_dir():
        return
    rundir.sweep(folder)
    for name in reversed(rundir.RUN_FILES):  # run.json first, which vouches for the others
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()
