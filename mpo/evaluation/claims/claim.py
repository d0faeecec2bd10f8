"""A claim as data: what is compared with what, in which number, and what would support it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mpo.evaluation.reading.manifest import ALL, Manifest

LEVEL = 0.05
"""Error rate of a family of claims."""
GREATER, LESS, DIFFERENT = "greater", "less", "different"


@dataclass(frozen=True)
class Claim:
    """An entry of the claims file; `effect` below is first minus second, or the mean itself.

    `test`: `two_sample` compares means, `spread` the mean distances from the median,
    `one_sample` a mean with `margin`, `equivalence` claims that two means differ by less than
    `margin`, `computed` refers to an erratum. `compare`: whether the two of `variants` are
    compared, task by task, or the two of `tasks`, variant by variant. `direction` and `margin`:
    claimed is effect > margin (`greater`), effect < -margin (`less`; with `one_sample` effect <
    margin) or |effect| > margin (`different`).
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
    family: str = ""
    erratum: int | None = None

    @property
    def computed(self) -> bool:
        """Whether a computation decides it, and no run."""
        return self.test == "computed"

    @property
    def bounds(self) -> tuple[float, float]:
        """The effects (lower, upper) at which what is claimed begins to hold or ends."""
        if self.test == "one_sample":
            return self.margin, self.margin
        if self.test == "equivalence":
            return -self.margin, self.margin
        if self.direction == GREATER:
            return self.margin, self.margin
        if self.direction == LESS:
            return -self.margin, -self.margin
        return -self.margin, self.margin

    def variants_in(self, manifest: Manifest) -> list[str]:
        """The claim's variants, `all` being the study's."""
        return list(manifest.variants) if self.variants == ALL else list(self.variants)

    def tasks_in(self, manifest: Manifest) -> list[str]:
        """The claim's tasks, `all` being the study's."""
        return list(manifest.tasks) if self.tasks == ALL else list(self.tasks)

    def strata(self, manifest: Manifest) -> list[tuple[str, str]]:
        """Tasks and variants of the first sample, between which nothing is permuted."""
        variants, tasks = self.variants_in(manifest), self.tasks_in(manifest)
        if self.test != "one_sample":
            variants = variants[:1] if self.compare == "variants" else variants
            tasks = tasks[:1] if self.compare == "tasks" else tasks
        return [(task, variant) for variant in variants for task in tasks]

    def lacking(self, manifest: Manifest) -> str:
        """What the study lacks that the claim is about; empty where nothing is."""
        missing = [name for name in self.variants_in(manifest) if name not in manifest.variants]
        missing += [name for name in self.tasks_in(manifest) if name not in manifest.tasks]
        return f"the study lacks {', '.join(missing)}" if missing else ""


def claims_of(entries: dict[str, dict[str, Any]]) -> list[Claim]:
    """The claims of a checked claims file, in its order."""
    return [Claim(id=name, **entry) for name, entry in entries.items()]
