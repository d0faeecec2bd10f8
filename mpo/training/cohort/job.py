"""What a cohort is: the runs of one task and variant, and where its checkpoints go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mpo.settings import Settings
from mpo.settings.digests import code_digest
from mpo.training.job import Job

STATES = Path("state")


@dataclass(frozen=True)
class MemberJob(Job):
    """A run that is trained in a cohort: by more code than one by itself."""

    states: Path = STATES
    """The folder of the folders of runs' states."""

    @cached_property
    def _code_digest(self) -> str:
        """The cohort's code is among it."""
        return code_digest(self.settings, cohort=True)

    @property
    def state_folder(self) -> Path:
        """Where the finished run is kept, and its progress told: by its digests."""
        return self.states / self._folder(self.code_digest)


@dataclass(frozen=True)
class CohortJob:
    """Runs that differ by their seeds alone, in the order of these."""

    members: tuple[MemberJob, ...]
    workers: int = 1
    """Processes that play the runs; 1: this one."""

    @classmethod
    def of(
        cls,
        first: MemberJob,
        seeds: Iterable[int],
        runs: Path,
        workers: int = 1,
    ) -> CohortJob:
        """Runs like `first` with these seeds, each in a folder of its seed in `runs`."""
        made = (_like(first, seed, runs / str(seed)) for seed in sorted(set(seeds)))
        return cls(tuple(made), workers)

    @property
    def settings(self) -> Settings:
        """Those of all members."""
        return self.members[0].settings

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the members."""
        return tuple(member.seed for member in self.members)

    @property
    def settings_digest(self) -> str:
        """Digest of the settings with what all random numbers derive from."""
        first = self.members[0]
        return self.settings.digest(first.study_seed, first.task, "cohort", *self.seeds)

    @property
    def code_digest(self) -> str:
        """Digest of the code that the settings execute."""
        return self.members[0].code_digest

    @property
    def state_folder(self) -> Path:
        """Where its checkpoints go."""
        name = f"{self.settings_digest[:16]}-{self.code_digest[:16]}"
        return self.members[0].states / name

    @property
    def labels(self) -> dict[str, str]:
        """What a reader calls it."""
        first = self.members[0]
        return {"task": first.task, "variant": first.variant, "seed": ranges(self.seeds)}

    def checkpoint_after_s(self, size: int) -> float:
        """Seconds until the checkpoint that follows one of `size` bytes: as many as for a run."""
        return self.members[0].checkpoint_after_s(size // len(self.members))


def _like(first: MemberJob, seed: int, out: Path) -> MemberJob:
    return MemberJob(
        first.task,
        first.variant,
        seed,
        first.study_seed,
        first.settings,
        out,
        checkpoint_s=first.checkpoint_s,
        tensorboard=first.tensorboard,
        states=first.states,
    )


def ranges(seeds: Sequence[int]) -> str:
    """Seeds as `--seeds` takes them: 0-4,7."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and seed == parts[-1][-1] + 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    return ",".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts)
