"""What one run is: task, variant, seeds and settings, and where its files and checkpoints go."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mpo.settings import Settings
from mpo.settings.digests import code_digest
from mpo.settings.equality import equal_codes, equalities, manifest_of
from mpo.training.seeds import Seeds

CHECKPOINT_S = 60.0
"""Seconds between checkpoints, unless they are large."""
SAVED_BYTES_PER_S = 2**20
"""What one run writes of checkpoints at most, on average: two hundred share a file system."""


@dataclass(frozen=True)
class Job:
    """What to train and where to write it.

    `checkpoint_s` seconds lie between checkpoints; by default a minute, or more where they are
    large.
    """

    task: str
    variant: str
    seed: int
    study_seed: int
    settings: Settings
    out: Path
    state: Path | None = None
    checkpoint_s: float | None = None
    extendable: bool = False
    """Whether a larger budget shall be able to go on from this one's end."""
    tensorboard: Path | None = None
    """Where TensorBoard's events of the run go, in a folder of its own, if anywhere."""

    @property
    def seeds(self) -> Seeds:
        """What the run's random numbers derive from."""
        return Seeds(self.study_seed, self.task, self.seed)

    @property
    def labels(self) -> dict[str, str | int]:
        """What a reader calls the run."""
        return {"task": self.task, "variant": self.variant, "seed": self.seed}

    @property
    def settings_digest(self) -> str:
        """Digest of the settings with what the random numbers derive from."""
        return self.settings.digest(*self.seeds)

    @property
    def code_digest(self) -> str:
        """Digest of the code that the settings execute, as it is when first asked for.

        A file that is edited while the run is under way is not what trains it.
        """
        return self._code_digest

    @cached_property
    def _code_digest(self) -> str:
        return code_digest(self.settings)

    @property
    def equal_codes(self) -> set[str]:
        """Digests of the codes whose files may stand for this run's, its own among them.

        Raises `SettingsError` where the manifest of the study in which `out` lies is broken.
        """
        shown = equalities(manifest_of(self.out))
        return equal_codes(shown, self.task, self.variant, self.code_digest)

    @property
    def events(self) -> Path | None:
        """The folder of the run's events."""
        if self.tensorboard is None:
            return None
        return self.tensorboard / self.task / self.variant / str(self.seed)

    def checkpoint_after_s(self, size: int) -> float:
        """Seconds until the checkpoint that follows one of `size` bytes."""
        if self.checkpoint_s is not None:
            return self.checkpoint_s
        return max(CHECKPOINT_S, size / SAVED_BYTES_PER_S)

    @property
    def state_folder(self) -> Path:
        """Where checkpoints go: `state/<digests>` unless told otherwise."""
        return self.state or Path("state") / self._folder(self.code_digest)

    @property
    def state_folders(self) -> list[Path]:
        """Where the finished run may be kept: its own folder, then those of codes shown equal."""
        own = self.state_folder
        others = (own.with_name(self._folder(code)) for code in sorted(self.equal_codes))
        return list(dict.fromkeys([own, *others]))

    def _folder(self, code_digest: str) -> str:
        return f"{self.settings_digest[:16]}-{code_digest[:16]}"
