"""What an update reports: the diagnostics of training.csv, as one vector.

A metric that does not apply (the temperature of a parametric E-step, say) is NaN and becomes an
empty cell. Every KL is a ratio to its bound, 1 meaning at the bound.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.estep.weights import effective_sample_size, estep_weights, kl_to_uniform
from mpo.algorithm.gaussian import Covariance, Gaussian, entropy
from mpo.algorithm.mstep.lagrangian import MStep
from mpo.algorithm.multipliers import Multipliers
from mpo.settings import Settings

METRICS = (
    "loss_critic",
    "loss_policy",
    "loss_likelihood",
    "loss_kl_mean",
    "loss_kl_covariance",
    "loss_temperature",
    "temperature",
    "penalty_temperature",
    "alpha_mean",
    "alpha_covariance",
    "kl_estep_relative",
    "kl_mean_relative",
    "kl_covariance_relative",
    "effective_sample_size",
    "dual_overflows",
    "dual_at_floor",
    "outside_box",
    "mean_outside_box",
    "policy_deviation",
    "policy_entropy",
    "q_mean",
    "q_deviation",
    "value_mean",
    "bellman_residual",
    "look_ahead",
    "gradient_norm_policy",
    "gradient_norm_critic",
)
"""Names in the order of the vector; docs/run-files.md explains each."""
COUNTS = ("dual_overflows", "dual_at_floor")
"""Metrics that an interval adds up; the others it averages."""
MUST_BE_FINITE = (
    "loss_critic",
    "loss_likelihood",
    "loss_policy",
    "policy_deviation",
    "gradient_norm_policy",
    "gradient_norm_critic",
)
"""Metrics whose NaN or infinity means that the run diverged."""
FLOW = (
    *("temperature", "penalty_temperature", "policy_deviation", "policy_entropy"),
    *("q_mean", "q_deviation", "value_mean"),
    *("loss_critic", "bellman_residual", "gradient_norm_critic"),
    *("kl_estep_relative", "effective_sample_size", "loss_likelihood"),
    *("kl_mean_relative", "kl_covariance_relative", "alpha_mean", "alpha_covariance"),
    *("loss_kl_mean", "loss_kl_covariance", "loss_policy", "gradient_norm_policy"),
)
"""Metrics in the order in which an update computes them: what breaks one breaks those after it."""
NOT_ALWAYS = ("temperature", "penalty_temperature", "kl_estep_relative", "effective_sample_size")
"""Metrics that are NaN from the start where they do not apply."""


def of_estep(
    settings: Settings,
    has_temperature: bool,
    q: Float[Tensor, "N B"],
    actions: Float[Tensor, "N B A"],
    temperature: Float[Tensor, ""],
    rho: Float[Tensor, " B"],
) -> dict[str, Tensor]:
    """Diagnostics of the E-step's samples and weights."""
    applies = 1.0 if has_temperature else torch.nan
    sizes = effective_sample_size(estep_weights(q, temperature))
    kl = (rho * kl_to_uniform(q, temperature)).sum()
    return {
        "temperature": applies * temperature,
        "kl_estep_relative": applies * kl / settings.epsilon,
        "effective_sample_size": applies * (rho * sizes).sum(),
        "outside_box": (rho * (actions.abs() > 1.0).to(q.dtype).mean(-1).mean(0)).sum(),
        "q_mean": (rho * q.mean(0)).sum(),
        "q_deviation": (rho * q.std(0)).sum(),
    }


def of_mstep(
    settings: Settings,
    multipliers: Multipliers,
    part: MStep,
    alphas: tuple[Float[Tensor, " C"], Float[Tensor, " C"]],
) -> dict[str, Tensor]:
    """The M-step's loss by parts, which add up to `loss_policy`, its KLs and multipliers."""
    alpha_mean, alpha_covariance = alphas
    loss_mean = (alpha_mean * part.kl_mean).sum()
    loss_covariance = (alpha_covariance * part.kl_covariance).sum()
    applies = 1.0 if settings.action_penalty else torch.nan
    return {
        "loss_policy": part.likelihood_loss + loss_mean + loss_covariance,
        "loss_likelihood": part.likelihood_loss,
        "loss_kl_mean": loss_mean,
        "loss_kl_covariance": loss_covariance,
        "penalty_temperature": applies * multipliers.penalty_temperature,
        "alpha_mean": alpha_mean.mean(),
        "alpha_covariance": alpha_covariance.mean(),
        "kl_mean_relative": part.kl_mean.mean() / settings.epsilon_mean,
        "kl_covariance_relative": part.kl_covariance.mean() / settings.epsilon_covariance,
    }


def of_policy(
    covariance: Covariance, policy: Gaussian, rho: Float[Tensor, " B"]
) -> dict[str, Tensor]:
    """The online policy's place and spread: means over A and states B; entropy summed over A."""
    outside = (policy.mean.abs() > 1.0).to(rho.dtype)
    return {
        "mean_outside_box": (rho * outside.mean(-1)).sum(),
        "policy_deviation": (rho * covariance.deviation(policy.scale).mean(-1)).sum(),
        "policy_entropy": (rho * entropy(covariance, policy)).sum(),
    }


def no_sums(device: torch.device | None = None) -> Float[Tensor, "2 M"]:
    """The metrics' sums over no updates, and after how many updates each sum was finite."""
    return torch.zeros(2, len(METRICS), device=device)


def add(sums: Float[Tensor, "2 M"], reported: Float[Tensor, " M"]) -> None:
    """Add what one update reported to `sums`, in place."""
    total = sums[0] + reported
    sums.copy_(torch.stack([total, sums[1] + torch.isfinite(total)]))


def averages(sums: Float[Tensor, "2 M"], updates: int) -> dict[str, float]:
    """An interval's row from the sums over its updates.

    The dual is averaged over the updates in which it was finite.
    """
    row: Mapping[str, float] = dict(zip(METRICS, sums[0].tolist(), strict=True))
    finite = updates - row["dual_overflows"]
    counts = {name: row[name] for name in COUNTS}
    means = {name: value / updates for name, value in row.items() if name not in COUNTS}
    dual = row["loss_temperature"] / finite if finite else torch.nan
    ordered = means | counts | {"loss_temperature": dual}
    return {name: ordered[name] for name in METRICS}


def first_non_finite(sums: Float[Tensor, "2 M"]) -> str | None:
    """Of a diverged run, the metric that broke first; None where none shows that it diverged.

    In the earliest update in which one broke, the earliest in the order of `FLOW`.
    """
    finite: dict[str, bool] = dict(zip(METRICS, torch.isfinite(sums[0]).tolist(), strict=True))
    if all(finite[name] for name in MUST_BE_FINITE):
        return None
    whole: dict[str, float] = dict(zip(METRICS, sums[1].tolist(), strict=True))
    broken = [name for name in FLOW if not finite[name] and (whole[name] or name not in NOT_ALWAYS)]
    return min(broken, key=whole.__getitem__)
