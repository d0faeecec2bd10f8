"""The learner of one run of a cohort: that of a single run, its tensors rows of the cohort's."""

from __future__ import annotations

from torch import Tensor

from mpo.algorithm.learner import Learner
from mpo.algorithm.networks import Networks
from mpo.algorithm.update import State


class Member(Learner):
    """Starts, updates, saves and restores itself as a single run's learner does."""

    def __init__(
        self,
        networks: Networks,
        initialisation_seed: int,
        noise_seed: int,
        first: Member | None = None,
    ) -> None:
        """As a single run's; what is compiled is that of the `first` member, if there is one.

        The update is a function of its arguments alone, so that one graph serves all.
        """
        super().__init__(networks, initialisation_seed, noise_seed)
        if first is not None:
            self._whole, self._evaluate, self._improve = (
                first._whole,
                first._evaluate,
                first._improve,
            )

    def move(self, state: State, sums: Tensor, acting: Tensor, average: Tensor) -> None:
        """Live in these rows from now on, of which `state` holds this learner's own already.

        `acting` [P], in the processor's memory, follows the policy's parameters; `average` [P]
        those of the policy that is evaluated where the settings keep an average, and is left
        alone otherwise.
        """
        self.state, self.sums = state, sums
        acting.copy_(self._acting)
        self._acting = acting
        if self._average is not None:
            average.copy_(self._average)
            self._average = average
