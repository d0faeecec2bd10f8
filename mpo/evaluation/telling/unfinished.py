"""What stands above the report of a study under way: which runs it has, and what that is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from mpo.evaluation.estimating.estimates import shared_tasks
from mpo.evaluation.reading.faults import Fault
from mpo.evaluation.reading.load import Study
from mpo.evaluation.reading.manifest import Manifest
from mpo.evaluation.showing import tables
from mpo.evaluation.showing.wording import count, listed
from mpo.rundir import DIVERGED

FOLDER = "so-far"
"""Where a study's report of what there is so far goes, below the study's own folder."""
PLACES = {
    "tables/claims_section.md": "Claims are judged when the study is finished: a test that is "
    "looked at again and again while runs come in errs more often than it says.",
    "films.md": "Films are made when the study is finished.",
}
"""Files that every finished study has, and what is said in their place."""
COMPUTED = {
    "theory/section.md": "What is verified by computation needs no run, and stands in the finished "
    "study's report."
}
"""The same of a study that asked for it."""


def head(planned: Manifest, found: Study, faults: Sequence[Fault], when: str) -> str:
    """How many of the `planned` runs there are, by variant and task, and by what rule they count.

    `faults` are those of the runs that are left out.
    """
    have, want = len(found.manifest.runs), len(planned.runs)
    lacking = (
        f"{want - have} of {count(want, 'run')} are missing"
        if want > have
        else (f"All {count(want, 'run')} are there, and the workflow has not ended")
    )
    parts = [
        f"> **This study is not finished.** {lacking}. What follows is drawn from the {have} that "
        f"there were at {when}, and will change.",
        tables.markdown(_counts(planned, found.manifest)),
        _rule(found),
    ]
    wrong = [f"`{fault.where}` ({fault.what})" for fault in faults]
    if wrong:
        parts.append(f"Left out, though there are files: {listed(wrong)}.")
    return "\n\n".join(parts)


def _counts(planned: Manifest, found: Manifest) -> pd.DataFrame:
    """A row a variant and a column a task, as "2 of 3"."""
    asked, had = (Counter((run.task, run.variant) for run in m.runs) for m in (planned, found))
    return pd.DataFrame(
        {
            "variant": name,
            **{task: f"{had[task, name]} of {asked[task, name]}" for task in planned.tasks},
        }
        for name in planned.variants
    )


def _rule(found: Study) -> str:
    """Which runs count where; see `estimating.estimates`."""
    manifest = found.manifest
    shared = shared_tasks(manifest, found.runs)
    which = listed(shared) if shared else "none yet"
    text = (
        "By task every run counts, with the n of its variant. Over all tasks only those count on "
        f"which every variant that has runs has some ({which}), and of a variant as many runs of "
        "each as of the one where it has fewest, the first by seed."
    )
    diverged = int((found.runs["status"] == DIVERGED).sum())
    return (
        f"{text} Runs that end early come first, diverged ones ({diverged} here) before all: what "
        "there is so far is no fair sample of what there will be."
    )
