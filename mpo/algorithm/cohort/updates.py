"""One update of every run of a cohort: run by run, or all as one computation.

Run by run a member has the bytes of a single run. As one computation (`torch.func.vmap`) products
of matrices become batched products, which a library may add up in another order: on a processor
it does, by the number of runs too, so that there a cohort is updated run by run. On a GPU, where
one run's small kernels leave most of the card idle, the cohort is one computation and, compiled,
one CUDA graph: equal to rounding, and independent of the other members to rounding.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mpo.algorithm.batch import Batch
from mpo.algorithm.cohort.member import Member
from mpo.algorithm.cohort.stacked import whole
from mpo.algorithm.multipliers import raw_of, unpack
from mpo.algorithm.policy_evaluation.evaluation import Evaluation, successor_weights
from mpo.algorithm.update import State, Update


class Updates(Protocol):
    """How a cohort is updated: `update(batch, active)`, a batch [K, ...] and the runs' rows."""

    def update(self, batch: Batch, active: Sequence[int]) -> None: ...


class RunByRun:
    """Each member by itself, by the update of a single run."""

    def __init__(self, members: Sequence[Member]) -> None:
        """The members, whose tensors may lie anywhere."""
        self._members = members

    def update(self, batch: Batch, active: Sequence[int]) -> None:
        """One update of each of the `active` members on its own part of the batch."""
        for run in active:
            self._members[run].update(Batch(*(field[run] for field in batch)))


class AsOne:
    """All members as one computation, over tensors [K, ...].

    Members that are not active are computed too, and nothing of theirs is written but their
    targets, which follow their networks.
    """

    def __init__(
        self,
        members: Sequence[Member],
        state: State,
        sums: Float[Tensor, "K 2 M"],
        acting: Float[Tensor, "K P"],
        average: Float[Tensor, "K P"],
    ) -> None:
        """Members whose tensors are the rows of `state`, `sums`, `acting` and `average`."""
        first = members[0]
        self._members, self._settings = members, first.settings
        self._state, self._sums, self._acting, self._average = state, sums, acting, average
        self._device, self._compiled = first.device, first.compiled
        self._update = Update(first.networks)
        self._duals = self._update.dual_variables
        self._refresh = self._settings.option("target_update").refresh
        self._noise: Tensor | None = None
        self._active = torch.ones(len(members), dtype=torch.bool, device=self._device)
        self._active_runs = tuple(range(len(members)))
        device = self._settings.option("device")
        self._step_all: Callable[..., None] = self._step
        self._evaluate_all: Callable[..., Evaluation] = self._evaluate
        self._improve_all: Callable[..., None] = self._improve
        if self._compiled:
            self._step_all = device.compiled_in_place(self._step)
            self._evaluate_all = device.compiled(self._evaluate)
            self._improve_all = device.compiled_in_place(self._improve)

    def update(self, batch: Batch, active: Sequence[int]) -> None:
        """One update of all members, of which the `active` ones are written."""
        if tuple(active) != self._active_runs:
            self._active_runs = tuple(active)
            self._active.zero_()
            self._active[list(active)] = True
        noise = self._drawn(batch)
        if self._duals.solves:
            self._solve_and_improve(batch, noise)
        else:
            self._step_all(self._state, self._sums, batch, noise, self._active)
        for run in active:
            self._members[run].updates += 1
        self._follow(self._members[active[0]].updates)

    def _drawn(self, batch: Batch) -> Float[Tensor, "K N B A"]:
        """Noise, each active run's from its own generator, as it would draw it alone."""
        networks, samples = self._update.networks, self._settings.action_samples
        if self._noise is None:
            pairs = batch.action.shape[1] * batch.action.shape[2]
            shape = (len(self._members), networks.action_size, samples, pairs)
            self._noise = torch.zeros(shape, device=self._device)
        for run in self._active_runs:
            self._noise[run].normal_(generator=self._members[run].noise)
        return self._noise.permute(0, 2, 3, 1)

    def _step(
        self, state: State, sums: Tensor, batch: Batch, noise: Tensor, active: Bool[Tensor, " K"]
    ) -> None:
        new, reported = torch.func.vmap(self._update)(state, batch, noise)
        _write(state, new, sums, reported, active)

    def _evaluate(self, state: State, batch: Batch, noise: Tensor) -> Evaluation:
        return torch.func.vmap(self._update.evaluate)(state, batch, noise)

    def _improve(
        self,
        state: State,
        sums: Tensor,
        batch: Batch,
        evaluation: Evaluation,
        temperature: Float[Tensor, " K"],
        at_floor: Float[Tensor, " K"],
        active: Bool[Tensor, " K"],
    ) -> None:
        new, reported = torch.func.vmap(self._update.improve)(
            state, batch, evaluation, temperature, at_floor
        )
        _write(state, new, sums, reported, active)

    def _solve_and_improve(self, batch: Batch, noise: Float[Tensor, "K N B A"]) -> None:
        """Evaluate all; solve each run's dual on the processor, in float64; improve all."""
        evaluation = self._evaluate_all(self._state, batch, noise)
        q = evaluation.q.cpu().numpy().astype(np.float64)
        weights = torch.func.vmap(successor_weights)(batch).cpu().numpy().astype(np.float64)
        raw = self._state.multipliers.parameters
        starts = torch.func.vmap(unpack)(raw).temperature.tolist()
        temperatures, floors, raws = list(starts), [0.0] * len(starts), raw[:, 0].tolist()
        for run in self._active_runs:
            solution = self._duals.solver.solve(
                self._duals.dual, q[run], self._settings.epsilon, weights[run], starts[run]
            )
            temperatures[run], floors[run] = solution.temperature, float(solution.at_floor)
            raws[run] = raw_of(solution.temperature)
        raw[:, 0] = torch.tensor(raws, device=self._device)
        solved = (torch.tensor(each, device=self._device) for each in (temperatures, floors))
        self._improve_all(self._state, self._sums, batch, evaluation, *solved, self._active)

    def _follow(self, updates: int) -> None:
        """What follows an update: the acting policies, their averages, and targets when due."""
        s, state = self._settings, self._state
        whole(self._acting).copy_(whole(state.policy.parameters), non_blocking=True)
        if s.policy_average:
            self._wait()
            for run in self._active_runs:
                self._average[run].lerp_(self._acting[run], 1.0 / s.policy_average)
        if updates % s.policy_target_period == 0:
            self._refresh(state.target_policy, state.policy.parameters, s.polyak)
        if updates % s.critic_target_period == 0:
            self._refresh(state.target_critic, state.critic.parameters, s.polyak)
        self._wait()

    def _wait(self) -> None:
        """Until what was copied to the processor's memory is there."""
        if self._device.type == "cuda":
            torch.cuda.current_stream().synchronize()


def _write(
    state: State, new: State, sums: Tensor, reported: Float[Tensor, "K M"], active: Tensor
) -> None:
    """Take the new state and add up what was reported, of the active runs, in place."""
    for old, part in zip(state[:3], new[:3], strict=True):
        for tensor, value in zip(old, part, strict=True):
            tensor.copy_(torch.where(_beside(active, tensor), value, tensor))
    total = sums[:, 0] + reported
    added = torch.stack([total, sums[:, 1] + torch.isfinite(total)], 1)
    sums.copy_(torch.where(_beside(active, sums), added, sums))


def _beside(active: Bool[Tensor, " K"], tensor: Tensor) -> Tensor:
    """`active` in a shape that is broadcast along the rows of `tensor`."""
    return active.view(-1, *[1] * (tensor.ndim - 1))
