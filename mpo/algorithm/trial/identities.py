"""What every option of a kind must come to, whatever its mathematics: one identity a kind.

Each is held on made-up numbers in float32. What a kind has no identity for is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from mpo.algorithm.estep.weights import kl_to_uniform
from mpo.algorithm.gaussian import Gaussian
from mpo.algorithm.policy_evaluation.returns import Transitions
from mpo.algorithm.trial.arguments import Arguments

TOLERANCE = 1e-4
CONSTANT = 3.0
"""What a critic says everywhere, where it says the same everywhere."""


class Identity(NamedTuple):
    """A sentence that holds for every option of a kind, and the difference between its sides."""

    sentence: str
    difference: Callable[[ModuleType, Arguments], Tensor]


def _flat_q(arguments: Arguments) -> Tensor:
    return torch.full(arguments.sizes.of("N B"), CONSTANT)


def _backup(module: ModuleType, arguments: Arguments) -> Tensor:
    return module.value(_flat_q(arguments), torch.ones(())) - CONSTANT


def _returns(module: ModuleType, arguments: Arguments) -> Tensor:
    """V = Q' = c solves the Bellman equation of rewards (1 - γ) c."""
    discount, steps = 0.9, module.length(arguments.settings)
    pairs, starts = 1 if module.ENDPOINTS else steps, 4
    reward = torch.full((steps, starts), (1.0 - discount) * CONSTANT)
    said = torch.full((pairs, starts), CONSTANT)
    known = reward, torch.zeros_like(reward), torch.ones_like(reward)
    return module.targets(Transitions(*known, said, said, torch.zeros_like(said)), discount) - said


def _critic_loss(module: ModuleType, arguments: Arguments) -> Tensor:
    error = torch.zeros(arguments.sizes.of("B"), requires_grad=True)
    loss = module.loss(error)
    (slope,) = torch.autograd.grad(loss.sum(), error)
    return torch.stack([loss, slope])


def _estep(module: ModuleType, arguments: Arguments) -> Tensor:
    weights = module.weights(_flat_q(arguments), torch.ones(()))
    return weights - weights.mean(0)


def _dual(module: ModuleType, arguments: Arguments) -> Tensor:
    """g'(η) = ε - KL (P1 eq. 9), so that a minimum meets the bound."""
    q, epsilon = torch.randn(arguments.sizes.of("N B")), 0.1
    eta, rho = torch.ones((), requires_grad=True), torch.full(q.shape[1:], 1.0 / q.shape[1])
    (slope,) = torch.autograd.grad(module.dual(q, eta, epsilon, rho), eta)
    return slope - (epsilon - (rho * kl_to_uniform(q, eta.detach())).sum())


def _dual_solver(module: ModuleType, arguments: Arguments) -> Tensor:
    if not module.SOLVES:
        return torch.zeros(())
    q, epsilon = torch.randn(arguments.sizes.of("N B"), dtype=torch.float64), 0.1
    rho = torch.full(q.shape[1:], 1.0 / q.shape[1], dtype=q.dtype)
    dual = arguments.settings.option("dual").dual
    found = module.solve(dual, q.numpy(), epsilon, rho.numpy(), 1.0).temperature
    kl = (rho * kl_to_uniform(q, torch.tensor(found, dtype=q.dtype))).sum()
    return 0.1 * (kl - epsilon)  # a solver may stop earlier than rounding does


def _covariance(module: ModuleType, arguments: Arguments) -> Tensor:
    scale, noise = arguments.scale(), torch.randn(arguments.sizes.of("N B A"))
    back = module.whiten(scale, module.transform(scale, noise)) - noise
    trace = module.trace_terms(scale, scale).sum(-1) - noise.shape[-1]
    raw = torch.randn(noise.shape[1], module.outputs(noise.shape[-1]))
    acted = module.scale(raw, 0.3, 0.01) - _acted_scale(arguments, raw, 0.3, 0.01)
    return torch.cat([back.flatten(), trace.flatten(), acted.flatten()])


def _acted_scale(arguments: Arguments, raw: Tensor, offset: float, minimum: float) -> Tensor:
    """The scale by which `training.actor` acts, which knows two forms of it: by all raw outputs
    under the name `diagonal`, else as a lower triangle.
    """
    if arguments.settings.covariance == "diagonal":
        return softplus(raw + offset) + minimum
    size = arguments.sizes["A"]
    if raw.shape[-1] != size**2:
        return torch.full_like(raw, torch.inf)
    square = raw.unflatten(-1, (size, size))
    diagonal = softplus(square.diagonal(dim1=-2, dim2=-1) + offset) + minimum
    return square.tril(-1) + torch.diag_embed(diagonal)


def _likelihood(module: ModuleType, arguments: Arguments) -> Tensor:
    mean, scale = torch.randn(arguments.sizes.of("B A")), arguments.scale()
    same = Gaussian(mean, scale), Gaussian(mean, scale)
    terms = module.kl_terms(arguments.settings.option("covariance"), *same)
    return torch.stack([term.sum(-1) for term in terms])


def _kl(module: ModuleType, arguments: Arguments) -> Tensor:
    return module.constraints(torch.zeros(arguments.sizes.of("B D")))


def _mean(module: ModuleType, arguments: Arguments) -> Tensor:
    raw = torch.randn(arguments.sizes["A"])
    return torch.from_numpy(module.acted(raw.clone().numpy())) - module.mean(raw.unsqueeze(0))[0]


def _target_update(module: ModuleType, arguments: Arguments) -> Tensor:
    online = torch.randn(arguments.sizes.of("P"))
    target = online.clone()
    module.refresh(target, online, 0.5)
    return target - online


IDENTITIES: Mapping[str, Identity] = {
    "backup": Identity("actions worth c make a state worth c", _backup),
    "returns": Identity("rewards (1 - γ) c and values c give targets c", _returns),
    "critic_loss": Identity("no error: no loss and no slope", _critic_loss),
    "estep": Identity("equal values get equal weights", _estep),
    "dual": Identity("the slope in η is ε - KL", _dual),
    "dual_solver": Identity("the KL at the solution is ε", _dual_solver),
    "covariance": Identity(
        "whiten undoes transform, tr(Σ⁻¹ Σ) = A, and the scale is the one acted by", _covariance
    ),
    "likelihood": Identity("a policy's KL to itself is 0", _likelihood),
    "kl": Identity("no KL: nothing to constrain", _kl),
    "mean": Identity("acted(raw) in NumPy is mean(raw)", _mean),
    "target_update": Identity("a target that is the online network stays", _target_update),
}
"""By kind."""


def fault(field: str, module: ModuleType, arguments: Arguments) -> str | None:
    """By how much the identity of the kind fails, as the end of a sentence, or None."""
    worst: Any = IDENTITIES[field].difference(module, arguments).detach().abs().max()
    return None if worst <= TOLERANCE else f"does not hold: the sides differ by {worst:.3g}"
