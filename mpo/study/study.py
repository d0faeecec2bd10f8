"""A study and its runs: the settings, digests and folders of each, and the study's manifest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mpo.settings import Settings
from mpo.settings.digests import bytes_digest, code_digest
from mpo.study.entries import Task, Variant


@dataclass(frozen=True)
class Run:
    """One run of a study: what it trains, and the digests that its files must carry."""

    task: str
    variant: str
    seed: int
    settings: Settings
    settings_digest: str
    code_digest: str

    @property
    def path(self) -> str:
        """The run's folder, below the study's."""
        return f"runs/{self.task}/{self.variant}/{self.seed}"

    @property
    def state(self) -> str:
        """The folder of its checkpoint, which a run with other digests never sees."""
        return f"state/{self.settings_digest[:16]}-{self.code_digest[:16]}"


@dataclass(frozen=True)
class Study:
    """A study: variants times tasks times seeds. `tasks` maps aliases to budgets."""

    name: str
    study_seed: int
    variants: dict[str, Variant]
    tasks: dict[str, Task]
    steps: dict[str, int]
    seeds: tuple[int, ...]
    settings: dict[tuple[str, str], Settings]
    random_returns: dict[str, float]

    @property
    def folder(self) -> str:
        """Where everything of the study goes, from the project's folder."""
        return f"results/{self.name}"

    @cached_property
    def runs(self) -> list[Run]:
        """All runs, in the order of tasks, variants and seeds."""
        return list(self._by_name.values())

    def run(self, task: str, variant: str, seed: int | str) -> Run:
        """One run; `KeyError` if it is none of the study's."""
        return self._by_name[task, variant, int(seed)]

    @cached_property
    def _by_name(self) -> dict[tuple[str, str, int], Run]:
        return {
            (task, variant, seed): run
            for task in self.tasks
            for variant in self.variants
            for seed, run in self._runs(task, variant)
        }

    def _runs(self, task: str, variant: str) -> Iterator[tuple[int, Run]]:
        """The runs that differ by their seeds alone."""
        values, external = self.settings[task, variant], self.variants[variant].external
        code = bytes_digest(external) if external else code_digest(values)
        for seed in self.seeds:
            digest = values.digest(self.study_seed, seed)
            yield seed, Run(task, variant, seed, values, digest, code)

    def manifest(self) -> dict[str, Any]:
        """What the study asks for, as the content of `manifest.json`."""
        some = next(iter(self.settings.values()))
        return {
            "format": 1,
            "study": self.name,
            "study_seed": self.study_seed,
            "tasks": {alias: self._task_entry(alias) for alias in self.tasks},
            "variants": {name: _variant_entry(v) for name, v in self.variants.items()},
            "seeds": list(self.seeds),
            "evaluation": {
                "points": some.evaluation_points,
                "episodes": some.evaluation_episodes,
                "final_episodes": some.evaluation_final_episodes,
            },
            "runs": [
                {
                    "task": run.task,
                    "variant": run.variant,
                    "seed": run.seed,
                    "path": run.path,
                    "settings_digest": run.settings_digest,
                    "code_digest": run.code_digest,
                }
                for run in self.runs
            ],
        }

    def changed_since(self, older: Iterable[Any]) -> list[str]:
        """The variants of which a run in an `older` manifest had other settings or other code.

        Each of `older` has the fields of a `Run` that its manifest tells.
        """
        then = {(run.task, run.variant, run.seed): run for run in older}
        changed = {
            run.variant
            for run in self.runs
            if (old := then.get((run.task, run.variant, run.seed)))
            and (old.settings_digest, old.code_digest) != (run.settings_digest, run.code_digest)
        }
        return [name for name in self.variants if name in changed]

    def write_manifest(self, file: Path) -> None:
        """Write `manifest.json`."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self._manifest_text(), encoding="utf-8")

    def mend_manifest(self, file: Path) -> None:
        """Write `manifest.json` again if it is there and asks for something else."""
        if file.exists() and file.read_bytes() != self._manifest_text().encode():
            self.write_manifest(file)

    def _manifest_text(self) -> str:
        return json.dumps(self.manifest(), indent=1) + "\n"

    def _task_entry(self, alias: str) -> dict[str, Any]:
        task, first = self.tasks[alias], next(iter(self.variants))
        return {
            "environment": task.environment,
            "action_repeat": self.settings[alias, first].action_repeat,
            "steps": self.steps[alias],
            "score_range": list(task.score_range),
            "reference": task.reference,
            "threshold": task.threshold,
            "random_return": self.random_returns.get(alias),
        }


def _variant_entry(variant: Variant) -> dict[str, Any]:
    return {
        "base": variant.base,
        "change": variant.change,
        "source": variant.source,
        "settings": variant.settings,
    }
