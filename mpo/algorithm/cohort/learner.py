"""The learner of a cohort: owns the rows in which its members live, and updates them."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.batch import Batch
from mpo.algorithm.cohort.member import Member
from mpo.algorithm.cohort.stacked import row_of, rows, stacked
from mpo.algorithm.cohort.updates import AsOne, RunByRun, Updates
from mpo.algorithm.networks import Networks


class CohortLearner:
    """K learners of the same settings, one `update` a call."""

    def __init__(
        self,
        networks: Networks,
        seeds: Sequence[tuple[int, int]],
        acting: Float[Tensor, "K P"],
        average: Float[Tensor, "K P"],
        as_one: bool | None = None,
    ) -> None:
        """A member for each pair of seeds, of its initialisation and of its noise.

        `acting` and `average`, in the processor's memory and in rows as `stacked.rows` makes
        them, follow the policies' parameters and, where the settings average them, the averages.
        `as_one` says whether all are one computation; by default where that pays, which is on a
        GPU and for more than one.
        """
        first = Member(networks, *seeds[0])
        self.members = [first, *(Member(networks, *each, first) for each in seeds[1:])]
        self.state = stacked([member.state for member in self.members])
        self.sums = rows(len(seeds), first.sums.shape, first.device)
        self.compiled = first.compiled
        for run, member in enumerate(self.members):
            member.move(row_of(self.state, run), self.sums[run], acting[run], average[run])
        self.as_one = first.device.type != "cpu" and len(seeds) > 1 if as_one is None else as_one
        self._updates: Updates = RunByRun(self.members)
        if self.as_one:
            self._updates = AsOne(self.members, self.state, self.sums, acting, average)

    def update(self, batch: Batch, active: Sequence[int]) -> None:
        """One update of the `active` members on a batch [K, ...], which lies on the device.

        All of them must have had the same number of updates.
        """
        self._updates.update(batch, active)
