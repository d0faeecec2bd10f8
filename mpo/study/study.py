"""A study and its runs: the settings, digests and folders of each, and the study's manifest."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mpo.project import PROJECT
from mpo.rundir import RUN, Asked, write_atomically
from mpo.settings import Settings
from mpo.settings.digests import code_digest, program_digest
from mpo.settings.equality import MANIFEST, Equality, entries, equal_codes, equalities
from mpo.settings.plain import thawed
from mpo.study.entries import MADE_SO, Task, Variant


@dataclass(frozen=True)
class Run:
    """One run of a study: what it trains, and the digests that its files must carry."""

    task: str
    variant: str
    seed: int
    settings: Settings
    settings_digest: str
    code_digest: str
    cohort: bool = False
    """Whether it is trained as one with the other seeds of its task and variant."""

    @property
    def path(self) -> str:
        """The run's folder, below the study's."""
        return f"runs/{self.task}/{self.variant}/{self.seed}"

    @property
    def log(self) -> str:
        """What its trainer said, below the study's folder."""
        return f"logs/train/{self.task}/{self.variant}/{'cohort' if self.cohort else self.seed}.log"

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
    claims: dict[str, dict[str, Any]]
    """Of this study alone: declared in its file, beside those of all studies, or asked of every
    variant and its base."""
    theory: bool = False
    """Whether the report verifies the theory by computation too."""
    tensorboard: str | None = None
    """Folder of TensorBoard's events, which no run's bytes or digests depend on."""
    cohorts: bool | None = None
    """Whether all seeds of a task and variant are trained as one; None: where on a GPU."""

    reproduces: str | None = None
    """The study beside whose verdicts and means the report sets this one's."""

    @property
    def folder(self) -> str:
        """Where everything of the study goes, from the project's folder."""
        return f"results/{self.name}"

    @property
    def by_iterations(self) -> bool:
        """Whether all of it learns by the protocol of SR's code, in iterations."""
        return {each.protocol for each in self.settings.values()} == {"iterations"}

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
        cohort = self.in_cohorts(variant)
        code = program_digest(external) if external else code_digest(values, cohort=cohort)
        for seed in self.seeds:
            digest = values.digest(self.study_seed, task, seed)
            yield seed, Run(task, variant, seed, values, digest, code, cohort)

    def in_cohorts(self, variant: str) -> bool:
        """Whether the seeds of `variant` are trained as one, on each task.

        Variants that other code trains, or another protocol, have no cohorts.
        """
        some = self.settings[next(iter(self.tasks)), variant]  # no task sets device or protocol
        if self.variants[variant].external or some.protocol != "off_policy":
            return False
        return some.device != "cpu" if self.cohorts is None else self.cohorts

    def manifest(self) -> dict[str, Any]:
        """What the study asks for, as the content of `manifest.json`."""
        some = next(iter(self.settings.values()))
        own = {"claims": self.claims} if self.claims else {}
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
            **own,
        }

    def asked(self, run: Run) -> Asked:
        """What a rule of the user's own is handed over of a run that it trains."""
        chosen, points = run.settings, run.settings.evaluation_points
        due = [k * chosen.steps // points for k in range(1, points + 1)]
        last = {due[-1]: chosen.evaluation_final_episodes}
        return Asked(
            task=run.task,
            variant=run.variant,
            seed=run.seed,
            study_seed=self.study_seed,
            environment=chosen.environment,
            action_repeat=chosen.action_repeat,
            steps=chosen.steps,
            evaluations=dict.fromkeys(due, chosen.evaluation_episodes) | last,
            own=thawed(chosen.foreign),
            settings=chosen.differences(),
            settings_digest=run.settings_digest,
            code_digest=run.code_digest,
            out=f"{self.folder}/{run.path}",
            state=run.state,
        )

    def trained_by(self, file: str) -> list[str]:
        """The variants whose entries, or those of their bases, name `file` among `external`."""
        whole = PROJECT / file
        return [name for name, variant in self.variants.items() if whole in variant.external]

    def changed_since(self, older: Iterable[Any], shown: Collection[Equality] = ()) -> list[str]:
        """The variants of which a run in an `older` manifest had other settings or other code.

        Each of `older` has the fields of a `Run` that its manifest tells. Code that is `shown`
        equal to today's is no other code.
        """
        then = {(run.task, run.variant, run.seed): run for run in older}
        changed = {
            run.variant
            for run in self.runs
            if (old := then.get((run.task, run.variant, run.seed)))
            and not _stands(run, old.settings_digest, old.code_digest, shown)
        }
        return [name for name in self.variants if name in changed]

    def write_manifest(self, file: Path) -> None:
        """Write `manifest.json`, keeping what it records of codes shown equal.

        Raises `SettingsError` where that cannot be read.
        """
        write_atomically(file, manifest_bytes(self.manifest(), equalities(file)))

    def mend_manifest(self, file: Path) -> None:
        """Write `manifest.json` again if it is there and asks for something else.

        Raises `SettingsError` where what it records of codes shown equal cannot be read.
        """
        wanted = manifest_bytes(self.manifest(), equalities(file))
        if file.exists() and file.read_bytes() != wanted:
            write_atomically(file, wanted)

    def _task_entry(self, alias: str) -> dict[str, Any]:
        task, first = self.tasks[alias], next(iter(self.variants))
        return {
            "environment": task.environment,
            "action_repeat": self.settings[alias, first].action_repeat,
            "steps": self.steps[alias],
            "score_range": task.score_range and list(task.score_range),
            "reference": task.reference,
            "threshold": task.threshold,
            "random_return": self.random_returns.get(alias),
            **{field: task.fields[field].value for field in MADE_SO if field in task.fields},
        }


def manifest_bytes(asked: dict[str, Any], shown: Iterable[Equality]) -> bytes:
    """A manifest of what is `asked` for and of the codes `shown` equal."""
    return (json.dumps(asked | entries(shown), indent=1) + "\n").encode()


def standing(runs: Iterable[Run], folder: Path) -> list[Run]:
    """`runs`, those with the digest of older code whose files in the study's `folder` may stand.

    A run's files may stand where they were trained with its settings and by code that is shown
    equal to today's. Raises `SettingsError` where the study's manifest is broken.
    """
    shown = equalities(folder / MANIFEST)
    return [_standing(run, folder / run.path / RUN, shown) for run in runs] if shown else [*runs]


def _standing(run: Run, file: Path, shown: Collection[Equality]) -> Run:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        settings, code = record["settings_digest"], record["code_digest"]
    except (OSError, ValueError, KeyError, TypeError):
        return run  # no run, or none that is whole
    return replace(run, code_digest=code) if _stands(run, settings, code, shown) else run


def _stands(run: Run, settings_digest: str, code_digest: str, shown: Collection[Equality]) -> bool:
    codes = equal_codes(shown, run.task, run.variant, run.code_digest)
    return settings_digest == run.settings_digest and code_digest in codes


def _variant_entry(variant: Variant) -> dict[str, Any]:
    generated = {"sweep": variant.swept, "rung": variant.rung}
    return {
        "base": variant.base,
        "change": variant.change,
        "source": variant.source,
        "settings": variant.settings,
        **{key: value._asdict() for key, value in generated.items() if value},
        **({"external": True} if variant.external else {}),
    }
