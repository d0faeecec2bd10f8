"""The step of the dual variables: temperature η, the penalty's temperature, multipliers η_μ, η_Σ.

Source: P1 eq. 8 and 12, Alg. 2. All of them are one flat raw vector with one Adam; which of
their losses enter is the settings' choice.
"""

from types import ModuleType
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.computing.optimiser import Adam, adam_step
from mpo.algorithm.estep.duals.stable import dual as stable_dual
from mpo.algorithm.mstep.lagrangian import MStep, multiplier_loss
from mpo.algorithm.multipliers import MINIMUM_RAW, raw_of, unpack
from mpo.settings import Settings

TEMPERATURES = 2
"""Entries of the raw vector before the multipliers of the M-step: η and the penalty's."""


class DualStep(NamedTuple):
    """The dual variables after their step, with what the step saw."""

    multipliers: Adam
    dual: Float[Tensor, ""]
    """g(η), or 0 where it is not finite."""
    overflow: Float[Tensor, ""]
    """1 where the dual or its gradient is not finite, else 0."""


class DualVariables:
    """The dual's side of one run's settings; holds options, no state."""

    def __init__(self, settings: Settings) -> None:
        """Look up the options that the settings name."""
        self.settings = settings
        self.dual = settings.option("dual").dual
        self.solver: ModuleType = settings.option("dual_solver")
        self.has_temperature: bool = settings.option("estep").HAS_TEMPERATURE

    @property
    def solves(self) -> bool:
        """Whether a solver sets the temperature, on each batch, instead of a gradient step."""
        return self.solver.SOLVES and self.has_temperature

    def step(
        self,
        multipliers: Adam,
        q: Float[Tensor, "N B"],
        penalty: Float[Tensor, "N B"],
        part: MStep,
        rho: Float[Tensor, " B"],
    ) -> DualStep:
        """Step temperature, penalty temperature and multipliers.

        Where the dual or its gradient is not finite, which the raw form's float32 exponential
        brings about, the temperature with its moments and step count stays as it was. The
        weights are computed shifted in any case and do not suffer.
        """
        s = self.settings

        def loss(raw: Float[Tensor, " M"]) -> tuple[Tensor, Tensor]:
            values = unpack(raw)
            total = dual = torch.zeros_like(raw[0])
            if self.has_temperature and not self.solver.SOLVES:
                total = dual = self.dual(q, values.temperature, s.epsilon, rho)
            if s.action_penalty:
                eta = values.penalty_temperature
                total = total + stable_dual(penalty, eta, s.epsilon_penalty, rho)
            if s.multipliers == "learned":
                mean = multiplier_loss(values.alpha_mean, s.epsilon_mean, part.kl_mean)
                covariance = multiplier_loss(
                    values.alpha_covariance, s.epsilon_covariance, part.kl_covariance
                )
                total = total + mean + covariance
            return total, dual

        gradient, (_, dual) = torch.func.grad_and_value(loss, has_aux=True)(multipliers.parameters)
        finite = torch.isfinite(dual) & torch.isfinite(gradient[0])
        index = torch.arange(gradient.shape[0], device=gradient.device)
        frozen = (index == 0) & ~finite
        gradient = torch.where(frozen, 0.0, gradient)
        stepped = adam_step(multipliers, gradient, s.dual_learning_rate)
        stepped = Adam(
            *(torch.where(frozen, old, new) for old, new in zip(multipliers, stepped, strict=True))
        )
        floor = torch.where(index < TEMPERATURES, MINIMUM_RAW, raw_of(s.minimum_alpha))
        bounded = torch.maximum(stepped.parameters, floor)
        return DualStep(
            stepped._replace(parameters=bounded),
            torch.where(finite, dual, 0.0),
            1.0 - finite.to(dual.dtype),
        )
