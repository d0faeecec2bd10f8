"""Whether a run's files may go where they are to go: no other run's are replaced."""

import json
import logging

from mpo import rundir
from mpo.training.job import Job

log = logging.getLogger("mpo")


def require_vacant(job: Job) -> None:
    """Raises ValueError where another run lies in this one's place; warns of an older code's.

    Another run is one with other settings or seeds; a file that describes no run is none.
    """
    try:
        there = json.loads((job.out / rundir.RUN).read_text(encoding="utf-8"))
        digest, asked = there["settings_digest"], dict(there["settings"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if digest == job.settings_digest:
        if there.get("code_digest") not in job.equal_codes:
            log.warning("%s holds this run by other code; it is replaced at the end", job.out)
        return
    names = ("task", "seed", "study_seed")
    default = job.settings.defaults()
    old = default | asked | {name: there.get(name) for name in names}
    new = default | job.settings.differences() | {name: getattr(job, name) for name in names}
    told = ", ".join(
        f"{name} {json.dumps(old[name])}, not {json.dumps(new.get(name))}"
        for name in old
        if old[name] != new.get(name)
    )
    raise ValueError(
        f"{job.out} holds another run, with {told}; give this one a place of its own by --out, or "
        "remove that one"
    )
