"""A claim as data: what is compared with what, in which number, and what would support it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from mpo.evaluation.estimating.contrasts import Contrast
from mpo.evaluation.reading.manifest import ALL, Manifest

LEVEL = 0.05
"""Error rate of a family of claims."""
GREATER, LESS, DIFFERENT = "greater", "less", "different"
Key = tuple[str, str]
"""A task and a variant."""


class Judged(NamedTuple):
    """What the runs say of one claim, before the correction for its family."""

    n: int
    """Runs of each task: the fewest of a sample."""
    found: Contrast
    low: float
    high: float
    p: float
    holds: bool
    """Whether the runs are on the claim's side of its bound."""
    distance: float
    """Of the effect from the nearer bound."""
    note: str = ""
    strata: int = 1


@dataclass(frozen=True)
class Claim:
    """An entry of the claims file; `effect` below is first minus second, or the mean itself.

    `test`: `two_sample` compares means, `spread` the mean distances from the median,
    `one_sample` a mean with `margin`, `equivalence` claims that two means differ by less than
    `margin`, `share` holds the share of runs whose metric is above `threshold` against `margin`,
    `computed` refers to an erratum. `compare`: whether the two of `variants` are compared, task by
    task, or the two of `tasks`. `direction` and `margin`: claimed is effect > margin (`greater`),
    effect < -margin (`less`; with `one_sample` and `share` effect < margin) or |effect| > margin
    (`different`).
    """

    id: str
    statement: str
    source: str
    test: str
    metric: str = ""
    variants: list[str] | str = ALL
    tasks: list[str] | str = ALL
    compare: str = "variants"
    direction: str = DIFFERENT
    margin: float = 0.0
    threshold: float = math.nan
    family: str = ""
    erratum: int | None = None

    @property
    def computed(self) -> bool:
        """Whether a computation decides it, and no run."""
        return self.test == "computed"

    @property
    def alone(self) -> bool:
        """Whether it is about one sample, held against `margin`."""
        return self.test in ("one_sample", "share")

    @property
    def bounds(self) -> tuple[float, float]:
        """The effects (lower, upper) at which what is claimed begins to hold or ends."""
        if self.alone or (self.test != "equivalence" and self.direction == GREATER):
            return self.margin, self.margin
        if self.test != "equivalence" and self.direction == LESS:
            return -self.margin, -self.margin
        return -self.margin, self.margin

    def variants_in(self, manifest: Manifest) -> list[str]:
        """The claim's variants, `all` being those of MPO in the study."""
        if self.variants != ALL:
            return list(self.variants)
        return [name for name, each in manifest.variants.items() if each.trained_here]

    def tasks_in(self, manifest: Manifest) -> list[str]:
        """The claim's tasks, `all` being the study's."""
        return list(manifest.tasks) if self.tasks == ALL else list(self.tasks)

    def strata(self, manifest: Manifest) -> list[tuple[list[Key], ...]]:
        """Its independent parts, each with the tasks and variants of one side or of both.

        A part is a task, or both of two tasks that are compared. Over the variants of a side runs
        of one seed are averaged, since they share their seed.
        """
        variants, tasks = self.variants_in(manifest), self.tasks_in(manifest)
        if self.alone:
            return [([(task, name) for name in variants],) for task in tasks]
        if self.compare == "tasks":
            return [tuple([(task, name) for name in variants] for task in tasks)]
        return [tuple([(task, name)] for name in variants) for task in tasks]

    def lacking(self, manifest: Manifest) -> str:
        """What the study lacks that the claim is about; empty where nothing is."""
        variants = self.variants_in(manifest)
        missing = [name for name in variants if name not in manifest.variants]
        missing += [] if variants else ["variants of MPO"]
        missing += [name for name in self.tasks_in(manifest) if name not in manifest.tasks]
        return f"the study lacks {', '.join(missing)}" if missing else ""


def claims_of(entries: dict[str, dict[str, Any]]) -> list[Claim]:
    """The claims of a checked claims file, in its order."""
    return [Claim(id=name, **entry) for name, entry in entries.items()]
