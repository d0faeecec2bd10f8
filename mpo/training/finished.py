"""Finished runs, kept by what they are: files that are gone, or another name, cost no training.

A run's files are written to `state/<digests>/finished/` and put in place from there. The digests
are of settings, seeds and code and hold no name of a study or a variant. So whatever asks for the
same run again, as a rerun that deleted it, a requeued job, a variant or a study by another name,
has it put in place, until `mpo clean` removes what is kept.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mpo import rundir
from mpo.training.job import Job


def keep(state: Path, files: Mapping[str, bytes], description: Mapping[str, Any]) -> None:
    """Write a finished run into its state folder, what describes it last."""
    folder = state / rundir.FINISHED
    rundir.sweep(folder)
    (folder / rundir.RUN).unlink(missing_ok=True)  # an older one must not vouch for these files
    for name, content in files.items():
        rundir.write_atomically(folder / name, content)
    rundir.write_atomically(folder / rundir.RUN, rundir.json_bytes(description))


def kept(job: Job) -> Path | None:
    """Where the run of `job` is kept, finished, whole, and by its code or one shown equal."""
    for folder in job.state_folders:
        if rundir.is_complete(folder / rundir.FINISHED, job.settings_digest, *job.equal_codes):
            return folder / rundir.FINISHED
    return None


def put_in_place(folder: Path, job: Job) -> str:
    """Make the files of `job` of those that are kept in `folder`; the run's status.

    Hard links where that is possible, so that they take no room, but for run.json, which names the
    variant.
    """
    described = json.loads((folder / rundir.RUN).read_text(encoding="utf-8"))
    rundir.sweep(job.out)
    (job.out / rundir.RUN).unlink(missing_ok=True)
    for name in described["files"]:
        rundir.link(folder / name, job.out / name)
    described["variant"] = job.variant
    rundir.write_atomically(job.out / rundir.RUN, rundir.json_bytes(described))
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
