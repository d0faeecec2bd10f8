"""Policy and critic as torch.nn modules."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mpo.settings import Settings


def _layer(named: Mapping[str, Tensor], key: str, action: str = "") -> nn.Linear:
    weight = named[f"{key}.weight"]
    if action:
        weight = torch.cat([weight, named[action].T], 1)
    made = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    made.load_state_dict({"weight": weight, "bias": named[f"{key}.bias"]})
    return made


class Network(nn.Module):
    """Hidden layers and a head; before layer `entry`, if any, an action is concatenated."""

    def __init__(self, named: Mapping[str, Tensor], count: int, entry: int | None) -> None:
        super().__init__()
        self.entry = entry
        action = {entry: f"{entry}.action"}
        self.layers = nn.ModuleList(
            _layer(named, str(k), action.get(k, "") if entry is not None else "")
            for k in range(count)
        )
        self.norm = None
        if "norm.weight" in named:
            self.norm = nn.LayerNorm(named["norm.weight"].shape[0])
            self.norm.load_state_dict({k: named[f"norm.{k}"] for k in ("weight", "bias")})
        self.head = _layer(named, "head")

    def forward(self, hidden: Tensor, action: Tensor | None = None) -> Tensor:
        for index, layer in enumerate(self.layers):
            if index == self.entry:
                assert action is not None
                hidden = torch.cat([hidden.expand(*action.shape[:-1], -1), action], -1)
            hidden = layer(hidden)
            first = index == 0 and self.norm is not None
            hidden = torch.tanh(self.norm(hidden)) if first and self.norm else hidden.relu()
        return self.head(hidden)

    def named(self, action_size: int, gradient: bool = False) -> dict[str, Tensor]:
        """Parameters, or gradients, under the names that `mpo.algorithm.networks` gives them."""
        found: dict[str, Tensor] = {}
        for index, layer in enumerate(self.layers):
            weight, bias = (p.grad if gradient else p.detach() for p in layer.parameters())
            assert weight is not None
            assert bias is not None
            if index == self.entry:
                found[f"{index}.action"] = weight[:, -action_size:].T
                weight = weight[:, :-action_size]
            found[f"{index}.weight"], found[f"{index}.bias"] = weight, bias
        for key, module in (("norm", self.norm), ("head", self.head)):
            for name, p in module.named_parameters() if module else ():
                tensor = p.grad if gradient else p.detach()
                assert tensor is not None
                found[f"{key}.{name}"] = tensor
        return found

    def scale_gradient_to(self, bound: float | None) -> float:
        """Shorten the gradient to `bound`, if it is longer; its norm before."""
        gradients = [p.grad for p in self.parameters() if p.grad is not None]
        norm = math.sqrt(sum(float(g.square().sum()) for g in gradients))
        if bound is not None and norm > bound:
            for gradient in gradients:
                gradient.mul_(bound / norm)
        return norm


class Policy(Network):
    """π(a|s) as a Gaussian."""

    def __init__(self, settings: Settings, named: Mapping[str, Tensor], action_size: int) -> None:
        super().__init__(named, len(settings.policy_hidden), None)
        self.s, self.size = settings, action_size

    def gaussian(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Mean [B, A] and Cholesky factor [B, A, A]."""
        head = self(observation)
        mean, raw = head[..., : self.size], head[..., self.size :]
        if self.s.mean != "unbounded":
            mean = torch.tanh(mean if self.s.mean == "tanh" else mean / 2.0)
        minimum = self.s.minimum_deviation
        offset = math.log(math.expm1(self.s.initial_deviation - minimum))
        if self.s.covariance == "diagonal":
            return mean, torch.diag_embed(torch.log1p((raw + offset).exp()) + minimum)
        square = raw.reshape(*raw.shape[:-1], self.size, self.size)
        deviations = torch.log1p((square.diagonal(dim1=-2, dim2=-1) + offset).exp()) + minimum
        return mean, square.tril(-1) + torch.diag_embed(deviations)


class Critic(Network):
    """Q(s, a), of actions clipped to [-1, 1]."""

    def __init__(self, settings: Settings, named: Mapping[str, Tensor]) -> None:
        entry = {"input": 0, "second": 1}[settings.action_entry]
        super().__init__(named, len(settings.critic_hidden), entry)

    def value(self, observation: Tensor, action: Tensor) -> Tensor:
        return self(observation, action.clamp(-1.0, 1.0)).squeeze(-1)
