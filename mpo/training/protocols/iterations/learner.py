"""SR's learner: TD(0), an E-step at s_t by SLSQP, several M-steps; targets once an iteration.

Compiled or not, the update is the same code (`update`), as in `algorithm.learner`. The dual is
solved in float64 between its two graphs, from the last η.
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm import metrics
from mpo.algorithm.computing.compilation import tensors_of
from mpo.algorithm.computing.optimiser import adam
from mpo.algorithm.estep.dual_solvers import MINIMUM_TEMPERATURE
from mpo.algorithm.networks import unflatten
from mpo.training.protocols.iterations.lagrangian import initial_multipliers
from mpo.training.protocols.iterations.networks import Networks, initialise
from mpo.training.protocols.iterations.update import EStep, Evaluated, Pairs, State, Update


class Learner:
    """One `update` a batch, one `refresh` an iteration."""

    def __init__(self, networks: Networks, initialisation_seed: int, noise_seed: int) -> None:
        """Networks and η ~ U(0, 1) from the first seed; the second drives the action samples."""
        self.networks = networks
        self.settings = s = networks.settings
        generator = torch.Generator().manual_seed(initialisation_seed)
        policy = initialise(networks.policy_shapes(), generator)
        critic = initialise(networks.critic_shapes(), generator)
        alphas = initial_multipliers()
        self.state = State(adam(policy), adam(critic), alphas, policy.clone(), critic.clone())
        uniform = float(torch.rand((), dtype=torch.float64, generator=generator))
        self.temperature = max(uniform, MINIMUM_TEMPERATURE)
        self.noise = torch.Generator().manual_seed(noise_seed)
        self.updates = 0
        self.sums = metrics.no_sums()
        """Of the metrics, over the updates since `take_sums`."""
        self._dual = s.option("dual").dual
        self._solve = s.option("dual_solver").solve
        self._refresh = s.option("target_update").refresh
        device = s.option("device")
        self.compiled = s.compile and device.can_compile()
        self._update = Update(networks)
        self._evaluate: Callable[..., Evaluated] = self._update.evaluate
        self._improve: Callable[..., None] = self._improve_in_place
        if self.compiled:
            self._evaluate = device.compiled(self._evaluate)
            self._improve = device.compiled_in_place(self._improve)

    # --- one batch --------------------------------------------------------------------------
    def update(self, pairs: Pairs) -> None:
        """Critic, E-step and the M-steps on one batch."""
        s, states = self.settings, len(pairs.reward)
        shape = (2, self.networks.action_size, s.action_samples, states)
        noise = torch.randn(shape, generator=self.noise).permute(0, 2, 3, 1)
        evaluated = self._evaluate(self.state, pairs, noise)
        estep = self._estep(evaluated.samples.q)
        self._improve(self.state, self.sums, pairs.observation_t, evaluated, estep)
        self.updates += 1

    def _improve_in_place(
        self, state: State, sums: Tensor, observation: Tensor, evaluated: Evaluated, estep: EStep
    ) -> None:
        new, reported = self._update.improve(state, observation, evaluated, estep)
        for old, part in zip(state[:3], new[:3], strict=True):
            for tensor, value in zip(old, part, strict=True):
                tensor.copy_(value)
        metrics.add(sums, reported)

    def _estep(self, q: Float[Tensor, "N B"]) -> EStep:
        """Solve the dual on this batch in float64, from the last η.

        `overflow` is 1 where the dual is not finite at the last η, which then stays.
        """
        epsilon, exact = self.settings.epsilon, q.double()
        rho = torch.full(q.shape[1:], 1.0 / q.shape[1], dtype=exact.dtype)

        def dual(eta: float) -> Tensor:
            return self._dual(exact, torch.tensor(eta, dtype=exact.dtype), epsilon, rho)

        overflow = not torch.isfinite(dual(self.temperature))
        solution = self._solve(self._dual, exact.numpy(), epsilon, rho.numpy(), self.temperature)
        self.temperature = solution.temperature
        value = 0.0 if overflow else float(dual(solution.temperature))
        numbers = (solution.temperature, value, float(overflow), float(solution.at_floor))
        return EStep(*(torch.tensor(number, dtype=q.dtype) for number in numbers))

    # --- between iterations -----------------------------------------------------------------
    def refresh(self) -> None:
        """Copy the online networks into the targets, whose memory stays where it is."""
        polyak = self.settings.polyak
        self._refresh(self.state.target_policy, self.state.policy.parameters, polyak)
        self._refresh(self.state.target_critic, self.state.critic.parameters, polyak)

    def take_sums(self) -> Float[Tensor, "2 M"]:
        """The metrics' sums since the last call, which are set to zero."""
        sums = self.sums.clone()
        self.sums.zero_()
        return sums

    def evaluated_parameters(self) -> Float[np.ndarray, " P"]:
        """The target policy's flat parameters, which collect too; they follow every `refresh`."""
        return self.state.target_policy.numpy()

    def value(self, observation: np.ndarray, action: np.ndarray) -> float:
        """Q_φ(s, a) of the online critic for one pair."""
        parameters = unflatten(self.state.critic.parameters, self.networks.critic_shapes())
        state, taken = (torch.from_numpy(x.astype(np.float32))[None] for x in (observation, action))
        return float(self.networks.q_values(parameters, state, taken)[0])

    # --- checkpoints ------------------------------------------------------------------------
    def checkpoint(self) -> dict:
        """Everything that the next update depends on, as tensors and numbers."""
        return {
            "state": list(tensors_of(self.state)),
            "temperature": self.temperature,
            "noise": self.noise.get_state(),
            "updates": self.updates,
            "sums": self.sums,
        }

    def restore(self, checkpoint: dict) -> None:
        """Back to a `checkpoint()`."""
        for tensor, saved in zip(tensors_of(self.state), checkpoint["state"], strict=True):
            tensor.copy_(saved)
        self.temperature = float(checkpoint["temperature"])
        self.noise.set_state(checkpoint["noise"])
        self.updates = int(checkpoint["updates"])
        self.sums.copy_(checkpoint["sums"])
