"""Policy and critic networks as pure functions of named parameters.

All parameters of a network lie in one flat vector, so that an optimiser step, a gradient norm
and a target refresh are one operation each; `unflatten` gives the named views.

| symbol | name | shape |
|---|---|---|
| s, a | `observation`, `actions` | [B, O], [..., B, A] |
| θ, φ | `policy`, `critic` parameters | mappings of name to tensor |
| Q_φ(s, a) | `q_values` | [..., B] |

Weights are drawn uniformly with variance 1/fan_in, biases start at 0, and the policy's head is
scaled by 0.01, so that a new policy has mean near 0 and the initial deviation everywhere. P1 is
silent on all of it, on activations (ReLU here) and on where the action enters the critic.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import layer_norm, linear

from mpo.compiled import materialised, tanh
from mpo.gaussian import Covariance, Gaussian
from mpo.registry import option
from mpo.settings import Settings

Shapes = dict[str, tuple[int, ...]]
Parameters = Mapping[str, Tensor]

UNROLLED_ACTIONS = 8
"""Action dimensions up to which a compiled critic adds the action term by term."""


class Networks:
    """Shapes and forward passes of one run's networks; holds no parameters."""

    def __init__(self, settings: Settings, observation_size: int, action_size: int) -> None:
        """Networks for O-dimensional observations and A-dimensional actions."""
        self.settings = settings
        self.observation_size = observation_size
        self.action_size = action_size
        self.covariance = cast(Covariance, option("covariance", settings.covariance))
        self._entry: int = option("action_entry", settings.action_entry).ENTRY
        above_minimum = settings.initial_deviation - settings.minimum_deviation
        self.scale_offset = above_minimum + math.log(-math.expm1(-above_minimum))
        """Added to raw deviations, so that raw 0 means the initial deviation."""

    # --- shapes -----------------------------------------------------------------------------
    def policy_shapes(self) -> Shapes:
        """Names and shapes of the policy's parameters."""
        sizes = (self.observation_size, *self.settings.policy_hidden)
        outputs = self.action_size + self.covariance.outputs(self.action_size)
        return self._hidden_shapes(sizes) | {
            "head.weight": (outputs, sizes[-1]),
            "head.bias": (outputs,),
        }

    def critic_shapes(self) -> Shapes:
        """Names and shapes of the critic's parameters."""
        sizes = (self.observation_size, *self.settings.critic_hidden)
        return self._hidden_shapes(sizes) | {
            f"{self._entry}.action": (self.action_size, self.settings.critic_hidden[self._entry]),
            "head.weight": (1, sizes[-1]),
            "head.bias": (1,),
        }

    def _hidden_shapes(self, sizes: tuple[int, ...]) -> Shapes:
        shapes: Shapes = {}
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            shapes[f"{layer}.weight"] = (fan_out, fan_in)
            shapes[f"{layer}.bias"] = (fan_out,)
            if layer == 0 and self.settings.layer_norm:
                shapes["norm.weight"] = (fan_out,)
                shapes["norm.bias"] = (fan_out,)
        return shapes

    # --- forward passes ---------------------------------------------------------------------
    def policy(self, parameters: Parameters, observation: Float[Tensor, "B O"]) -> Gaussian:
        """π_θ(.|s): mean [B, A], unsquashed, and scale."""
        hidden = observation
        for layer in range(len(self.settings.policy_hidden)):
            hidden = linear(hidden, parameters[f"{layer}.weight"], parameters[f"{layer}.bias"])
            hidden = self._activate(parameters, layer, hidden)
        head = linear(hidden, parameters["head.weight"], parameters["head.bias"])
        mean, raw_scale = head[..., : self.action_size], head[..., self.action_size :]
        minimum = self.settings.minimum_deviation
        return Gaussian(mean, self.covariance.scale(raw_scale, self.scale_offset, minimum))

    def critic_state_part(
        self, parameters: Parameters, observation: Float[Tensor, "B O"]
    ) -> Float[Tensor, "B H"]:
        """The critic up to the pre-activation that takes the action."""
        hidden = observation
        for layer in range(self._entry + 1):
            if layer > 0:
                hidden = self._activate(parameters, layer - 1, hidden)
            hidden = linear(hidden, parameters[f"{layer}.weight"], parameters[f"{layer}.bias"])
        return hidden

    def critic_values(
        self,
        parameters: Parameters,
        state_part: Float[Tensor, "B H"],
        actions: Float[Tensor, "*N B A"],
    ) -> Float[Tensor, "*N B"]:
        """Q(s, clip(a)) from the critic's state part; actions are clipped to [-1, 1] here."""
        clipped = actions.clamp(-1.0, 1.0)
        hidden = state_part + _enter(clipped, parameters[f"{self._entry}.action"])
        hidden = self._activate(parameters, self._entry, hidden)
        for layer in range(self._entry + 1, len(self.settings.critic_hidden)):
            hidden = linear(hidden, parameters[f"{layer}.weight"], parameters[f"{layer}.bias"])
            hidden = self._activate(parameters, layer, hidden)
        return (hidden * parameters["head.weight"][0]).sum(-1) + parameters["head.bias"][0]

    def q_values(
        self,
        parameters: Parameters,
        observation: Float[Tensor, "B O"],
        actions: Float[Tensor, "*N B A"],
    ) -> Float[Tensor, "*N B"]:
        """Q_φ(s, clip(a)) for actions with any leading dimensions."""
        state_part = self.critic_state_part(parameters, observation)
        return self.critic_values(parameters, state_part, actions)

    def _activate(self, parameters: Parameters, layer: int, hidden: Tensor) -> Tensor:
        if layer == 0 and self.settings.layer_norm:
            size = (hidden.shape[-1],)
            normalised = layer_norm(
                hidden, size, parameters["norm.weight"], parameters["norm.bias"]
            )
            return tanh(normalised)
        return torch.relu(hidden)


def _enter(actions: Tensor, weight: Tensor) -> Tensor:
    """a W_a, the action's part of a pre-activation: [..., B, A] and [A, H] to [..., B, H].

    For N samples a state, a compiled graph takes the products of few action dimensions one by
    one: they fuse with activation and output product, and the [N, B, H] array is never stored.
    """
    if torch.compiler.is_compiling() and actions.ndim == 3 and weight.shape[0] <= UNROLLED_ACTIONS:
        actions = materialised(actions)
        total = actions[..., :1] * weight[0]
        for k in range(1, weight.shape[0]):
            total = total + actions[..., k : k + 1] * weight[k]
        return total
    return actions @ weight


def size(shapes: Shapes) -> int:
    """Number of parameters."""
    return sum(math.prod(shape) for shape in shapes.values())


def unflatten(flat: Float[Tensor, " P"], shapes: Shapes) -> dict[str, Tensor]:
    """Named views of a flat parameter vector."""
    views: dict[str, Tensor] = {}
    start = 0
    for name, shape in shapes.items():
        count = math.prod(shape)
        views[name] = flat[start : start + count].view(shape)
        start += count
    return views


def initialise(shapes: Shapes, generator: torch.Generator, head_gain: float) -> Tensor:
    """A new flat parameter vector: U(-√(3/fan_in), √(3/fan_in)), biases 0, norms 1.

    Where the action enters, its fan-in is that of hidden units and action taken together.
    """
    pieces: list[Tensor] = []
    for name, shape in shapes.items():
        if name == "norm.weight":
            piece = torch.ones(shape)
        elif len(shape) == 1:
            piece = torch.zeros(shape)
        else:
            fan_in = shape[1]
            if name.endswith("action"):
                fan_in = shape[0] + shapes[name.replace("action", "weight")][1]
            gain = head_gain if name == "head.weight" else 1.0
            bound = gain * math.sqrt(3.0 / fan_in)
            piece = (2.0 * torch.rand(shape, generator=generator) - 1.0) * bound
        pieces.append(piece.reshape(-1))
    return torch.cat(pieces)
