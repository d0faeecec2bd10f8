"""What a study asks of other code, and what such code may answer beside its results."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


class Divergence(ArithmeticError):
    """The learner or the simulator stopped being finite: an outcome of a run, no fault."""

    def __init__(self, what: str, where: str = "") -> None:
        """`what` is not finite, as a loss, and `where` that showed."""
        super().__init__(f"{what} {where}".strip())
        self.what, self.where = what, where


@dataclass(frozen=True)
class Asked:
    """A run that a study asks other code for."""

    task: str
    variant: str
    seed: int
    study_seed: int
    environment: str
    """Gymnasium's id, the task's."""
    action_repeat: int
    steps: int
    """Budget in control steps, action repeats included."""
    evaluations: dict[int, int]
    """Episodes to play by the control step at which they are due, with a deterministic policy."""
    own: dict[str, Any]
    """The variant's own settings, by the names of its entry."""
    settings: dict[str, Any]
    """Every setting of the run that differs from MPO's defaults; `own` is in it as `foreign`."""
    settings_digest: str
    code_digest: str
    out: str
    """Folder of the run's files."""
    state: str
    """Folder of what is kept while it is trained, as checkpoints."""

    @classmethod
    def read(cls, text: str) -> Asked:
        """From what `written` gave. Raises ValueError where it is not that."""
        try:
            values = json.loads(text)
            return cls(**{**values, "evaluations": dict(values["evaluations"])})
        except (ValueError, TypeError, KeyError):
            raise ValueError(f"{text[:80]!r} is no run; what a rule has as params.run is") from None

    def written(self) -> str:
        """As one line of JSON."""
        return json.dumps({**asdict(self), "evaluations": list(self.evaluations.items())})
