"""What the report says of edits of the code after which a study's runs still stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import Manifest
from mpo.settings.equality import Equality


def said(frames: Frames) -> list[str]:
    """A sentence for each comparison of a code that trained runs, or was shown equal to one."""
    columns = frames.runs[["task", "variant", "code_digest"]]
    reached = {tuple(row) for row in columns.itertuples(index=False)}
    telling: list[Equality] = []
    for one in frames.manifest.equalities:
        if (one.task, one.variant, one.old_code_digest) in reached:
            reached.add((one.task, one.variant, one.new_code_digest))
            telling.append(one)
    grouped = groupby(telling, lambda one: (one.commit, one.processor, one.date))
    return [_sentence(frames.manifest, *how, [*group]) for how, group in grouped]


def _sentence(
    manifest: Manifest, commit: str, processor: str, date: str, shown: Sequence[Equality]
) -> str:
    return (
        f"The code was edited since these runs were trained, and stands for theirs: the first "
        f"{_between(one.steps for one in shown)} control steps "
        f"({_between(one.updates for one in shown)} updates) of a run of {_which(manifest, shown)} "
        f"gave the same bytes by commit `{commit[:8]}` and by later code ({processor}, {date})."
    )


def _between(numbers: Iterable[int]) -> str:
    values = sorted(set(numbers))
    return " to ".join(f"{value:,}" for value in dict.fromkeys([values[0], values[-1]]))


def _which(manifest: Manifest, shown: Sequence[Equality]) -> str:
    """Variants and tasks, or that it is all of them."""
    pairs = dict.fromkeys((one.variant, one.task) for one in shown)
    asked = {(run.variant, run.task) for run in manifest.runs}
    if set(pairs) == asked:
        return "each variant and task"
    return ", ".join(f"`{variant}` on {task}" for variant, task in pairs)
