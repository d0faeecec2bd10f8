"""A larger budget goes on from a smaller one's end, where nothing else differs.

Evaluations stand at k / points of the steps, and their episodes' seeds derive from k. So two
budgets have their beginning in common, byte for byte, where their evaluations stand at the same
steps: where the points grow as the steps do, as from 100,000 steps with 25 points to 200,000 with
50. Otherwise the larger one is another run from its first evaluation on, and is trained anew.

What is gone on from is the moment before the smaller one's last decision, since the end of its
budget cuts its last episode. That holds the whole replay, so it is kept where it is asked for alone
(`--extendable`), in the state folder of the smaller run, until `mpo clean`.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

from mpo.training import checkpoints, progress
from mpo.training.clock import Clock
from mpo.training.job import Job

FOLDER = "extendable"
OF_A_BUDGET = {"steps": 1, "evaluation_points": 1, "evaluation_final_episodes": 1}
"""Settings in which two budgets may differ, as long as their quotient is the same."""


def trunk(job: Job) -> str:
    """Digest of what a run has in common with the same one of another budget."""
    apart = Fraction(job.settings.steps, job.settings.evaluation_points)
    rest = job.settings.model_copy(update=OF_A_BUDGET)
    return rest.digest(*job.seeds, str(apart))


def keep(job: Job, content: dict[str, Any], clock: Clock) -> None:
    """Keep a moment, from which a larger budget may go on, beside the run."""
    folder = job.state_folder / f"{FOLDER}-{trunk(job)[:16]}-{job.settings.steps}"
    folder.mkdir(parents=True, exist_ok=True)
    record = {**content["record"], "trunk": trunk(job)}
    checkpoints.save(folder, {**content, "record": record})
    progress.note_spent(folder, clock.wall_s, clock.cpu_s)


def origin(job: Job) -> Path:
    """The folder whose checkpoint the run goes on from: its own, or of the next smaller budget.

    Of several with one budget that of the run's own code comes first, by the folder's name.
    """
    own = job.state_folder
    if checkpoints.there(own):
        return own
    places = own.parent.glob(f"*/{FOLDER}-{trunk(job)[:16]}-*")
    code = job.code_digest[:16]
    ranked = {
        place: (place.parent.name.endswith(code), steps)
        for place in sorted(places)
        if (steps := int(place.name.rpartition("-")[2])) < job.settings.steps
    }
    return max(ranked, key=ranked.__getitem__) if ranked else own
