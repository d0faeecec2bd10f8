"""The learner of one run: owns parameters, optimisers and targets, and steps them.

Compiled (`computing/devices/`) or not, the update is the same code. The two round differently, so
a run says which it used.
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm import metrics
from mpo.algorithm.batch import Batch
from mpo.algorithm.computing.optimiser import Adam, adam
from mpo.algorithm.multipliers import initial_raw, raw_of, unpack
from mpo.algorithm.networks import Networks, initialise
from mpo.algorithm.policy_evaluation.evaluation import Evaluation, successor_weights
from mpo.algorithm.update import State, Update

POLICY_HEAD_GAIN = 0.01


def initial_state(networks: Networks, generator: torch.Generator) -> State:
    """Fresh parameters; targets equal to the online networks."""
    settings = networks.settings
    policy = initialise(networks.policy_shapes(), generator, POLICY_HEAD_GAIN)
    critic = initialise(networks.critic_shapes(), generator, 1.0)
    constraints = settings.option("kl").count(networks.action_size)
    raw = initial_raw(settings, constraints)
    return State(
        adam(policy), adam(critic), adam(raw, tuple(raw.shape)), policy.clone(), critic.clone()
    )


class Learner:
    """Parameters in place, one `update` a call."""

    def __init__(self, networks: Networks, initialisation_seed: int, noise_seed: int) -> None:
        """Initialise from the first seed; the second drives the action samples' noise."""
        self.networks = networks
        self.settings = settings = networks.settings
        self.device = torch.device(settings.device)
        generator = torch.Generator().manual_seed(initialisation_seed)
        self.state = _to(initial_state(networks, generator), self.device)
        self.noise = torch.Generator(self.device).manual_seed(noise_seed)
        device = settings.option("device")
        self._acting: Tensor = device.readable(self.state.policy.parameters)
        self._average: Tensor | None = self._acting.clone() if settings.policy_average else None
        self._moved: Callable[[Batch], Batch] = device.moved
        self.updates = 0
        self.sums = metrics.no_sums(self.device)
        """Of the metrics, over the updates since `take_sums`."""
        self.compiled = settings.compile and device.can_compile()
        self._refresh = settings.option("target_update").refresh
        self._update = Update(networks)
        self._duals = self._update.dual_variables
        self._whole: Callable[..., None] = self._step
        self._evaluate: Callable[..., Evaluation] = self._update.evaluate
        self._improve: Callable[..., None] = self._improve_in_place
        if self.compiled:
            self._whole = device.compiled_in_place(self._step)
            self._evaluate = device.compiled(self._update.evaluate)
            self._improve = device.compiled_in_place(self._improve_in_place)

    # --- one update -------------------------------------------------------------------------
    def update(self, batch: Batch) -> None:
        """One gradient step of everything on a batch, then the targets' refresh if due."""
        batch = self._moved(batch)
        pairs = batch.action.shape[0] * batch.action.shape[1]
        shape = (self.networks.action_size, self.settings.action_samples, pairs)
        noise = torch.randn(shape, generator=self.noise, device=self.device).permute(1, 2, 0)
        if self._duals.solves:
            self._solve_and_improve(batch, noise)
        else:
            self._whole(self.state, self.sums, batch, noise)
        self.updates += 1
        if self._acting is not self.state.policy.parameters:
            self._acting.copy_(self.state.policy.parameters)
        if self._average is not None and self.settings.policy_average:
            self._average.lerp_(self._acting, 1.0 / self.settings.policy_average)
        if self.updates % self.settings.policy_target_period == 0:
            self._refresh(
                self.state.target_policy, self.state.policy.parameters, self.settings.polyak
            )
        if self.updates % self.settings.critic_target_period == 0:
            self._refresh(
                self.state.target_critic, self.state.critic.parameters, self.settings.polyak
            )

    def _step(self, state: State, sums: Tensor, batch: Batch, noise: Tensor) -> None:
        new, reported = self._update(state, batch, noise)
        _assign(state, new)
        metrics.add(sums, reported)

    def _improve_in_place(
        self,
        state: State,
        sums: Tensor,
        batch: Batch,
        evaluation: Evaluation,
        temperature: Tensor,
        at_floor: Tensor,
    ) -> None:
        new, reported = self._update.improve(state, batch, evaluation, temperature, at_floor)
        _assign(state, new)
        metrics.add(sums, reported)

    def _solve_and_improve(self, batch: Batch, noise: Tensor) -> None:
        """Evaluate, solve the dual on this batch in float64, then use that η throughout."""
        evaluation = self._evaluate(self.state, batch, noise)
        raw = self.state.multipliers.parameters
        start = float(unpack(raw).temperature)
        solution = self._duals.solver.solve(
            self._duals.dual,
            evaluation.q.cpu().numpy().astype(np.float64),
            self.settings.epsilon,
            successor_weights(batch).cpu().numpy().astype(np.float64),
            start,
        )
        raw[0] = raw_of(solution.temperature)
        temperature = torch.tensor(solution.temperature, device=self.device)
        at_floor = torch.tensor(float(solution.at_floor), device=self.device)
        self._improve(self.state, self.sums, batch, evaluation, temperature, at_floor)

    def take_sums(self) -> Float[Tensor, "2 M"]:
        """The metrics' sums since the last call, which are set to zero."""
        sums = self.sums.cpu().clone()
        self.sums.zero_()
        return sums

    # --- what others read -------------------------------------------------------------------
    def policy_parameters(self) -> Float[np.ndarray, " P"]:
        """The online policy's flat parameters in the CPU's memory; they follow every update."""
        return self._acting.numpy()

    def evaluated_parameters(self) -> Float[np.ndarray, " P"]:
        """Those of the policy that is evaluated: its average if one is kept, else its own."""
        return self.policy_parameters() if self._average is None else self._average.numpy()

    # --- checkpoints ------------------------------------------------------------------------
    def checkpoint(self) -> dict:
        """Everything that the next update depends on, as tensors and numbers."""
        tensors = {name: tensor.cpu() for name, tensor in _named(self.state)}
        return {
            "state": tensors,
            "noise": self.noise.get_state(),
            "updates": self.updates,
            "sums": self.sums.cpu(),
            "average": self._average,
        }

    def restore(self, checkpoint: dict) -> None:
        """Back to a `checkpoint()`."""
        for name, tensor in _named(self.state):
            tensor.copy_(checkpoint["state"][name])
        self.noise.set_state(checkpoint["noise"])
        self.updates = int(checkpoint["updates"])
        self.sums.copy_(checkpoint["sums"])
        self._acting.copy_(self.state.policy.parameters)
        if self._average is not None:
            self._average.copy_(checkpoint["average"])


def _named(state: State):
    for name, part in state._asdict().items():
        if isinstance(part, Adam):
            for field, tensor in part._asdict().items():
                yield f"{name}.{field}", tensor
        else:
            yield name, part


def _to(state: State, device: torch.device) -> State:
    def moved(part: Adam) -> Adam:
        return Adam(*(tensor.to(device) for tensor in part))

    return State(
        moved(state.policy),
        moved(state.critic),
        moved(state.multipliers),
        state.target_policy.to(device),
        state.target_critic.to(device),
    )


def _assign(state: State, new: State) -> None:
    for old, part in zip(state[:3], new[:3], strict=True):
        for tensor, value in zip(old, part, strict=True):
            tensor.copy_(value)
