"""Policy and critic networks as pure functions of named parameters.

All parameters of a network lie in one flat vector, so that an optimiser step, a gradient norm
and a target refresh are one operation each; `unflatten` gives the named views.

| symbol | name | shape |
|---|---|---|
| s, a | `observation`, `actions` | [B, O], [..., B, A] |
| θ, φ | `policy`, `critic` parameters | mappings of name to tensor |
| Q_φ(s, a) | `q_values` | [..., B] |
| hidden layers | `hidden` | [H, ..., B] |

Hidden layers have their units first, h = W x + b with states as columns. States then lie side by
side in memory, and what is done to each unit or action dimension (biases, densities) runs over
hundreds of states at a time, where a row of four action dimensions would fill a quarter of a
vector register. Only LayerNorm, which adds up over units, has them in a row.

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

from mpo.algorithm.computing.operations import added, materialised, tanh
from mpo.algorithm.gaussian import Covariance, Gaussian
from mpo.settings import Settings

Shapes = dict[str, tuple[int, ...]]
Parameters = Mapping[str, Tensor]

LAYER_NORM_EPSILON = 1e-5
UNROLLED_ACTIONS = 8
"""Action dimensions up to which a compiled critic adds the action term by term."""


class Networks:
    """Shapes and forward passes of one run's networks; holds no parameters."""

    def __init__(self, settings: Settings, observation_size: int, action_size: int) -> None:
        """Networks for O-dimensional observations and A-dimensional actions."""
        self.settings = settings
        self.observation_size = observation_size
        self.action_size = action_size
        self.covariance = cast(Covariance, settings.option("covariance"))
        self._mean = settings.option("mean").mean
        self._entry: int = settings.option("action_entry").ENTRY
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
        """π_θ(.|s): mean [B, A] and scale."""
        hidden = self._first(parameters, observation)
        for layer in range(1, len(self.settings.policy_hidden)):
            hidden = torch.relu(_affine(parameters, layer, hidden))
        head = _affine(parameters, "head", hidden)
        mean, raw_scale = head.split([self.action_size, head.shape[0] - self.action_size])
        minimum = self.settings.minimum_deviation
        return Gaussian(
            self._mean(mean.T), self.covariance.scale(raw_scale.T, self.scale_offset, minimum)
        )

    def critic_state_part(
        self, parameters: Parameters, observation: Float[Tensor, "B O"]
    ) -> Float[Tensor, "H B"]:
        """The critic up to the pre-activation that takes the action, units first."""
        if self._entry == 0:
            return _affine(parameters, 0, observation.T)
        hidden = self._first(parameters, observation)
        for layer in range(1, self._entry):
            hidden = torch.relu(_affine(parameters, layer, hidden))
        return _affine(parameters, self._entry, hidden)

    def critic_values(
        self,
        parameters: Parameters,
        state_part: Float[Tensor, "H B"],
        actions: Float[Tensor, "*N B A"],
    ) -> Float[Tensor, "*N B"]:
        """Q(s, clip(a)) from the critic's state part; actions are clipped to [-1, 1] here.

        Where no gradient is asked for, a compiled graph adds up the output unit by unit, in the
        loop that computes the units, so that the [H, N, B] array is never stored.
        """
        states = state_part.unsqueeze(1) if actions.ndim == 3 else state_part
        entry = parameters[f"{self._entry}.action"]
        fused = torch.compiler.is_compiling() and not torch.is_grad_enabled()
        hidden = added(_enter(self._bounded(actions), entry, fused), states)
        if self._entry == 0 and self.settings.layer_norm:
            hidden = _normalised(parameters, hidden.movedim(0, -1)).movedim(-1, 0)
        else:
            hidden = torch.relu(hidden)
        for layer in range(self._entry + 1, len(self.settings.critic_hidden)):
            hidden = torch.relu(_affine(parameters, layer, hidden))
        weight, bias = parameters["head.weight"], parameters["head.bias"]
        if fused:
            return (hidden * weight[0].reshape(-1, *[1] * (hidden.ndim - 1))).sum(0) + bias[0]
        return (weight @ hidden.flatten(1))[0].unflatten(0, hidden.shape[1:]) + bias[0]

    def _bounded(self, actions: Float[Tensor, "*N B A"]) -> Float[Tensor, "*N B A"]:
        """Actions as the critic takes them: clipped to [-1, 1]."""
        return actions.clamp(-1.0, 1.0)

    def q_values(
        self,
        parameters: Parameters,
        observation: Float[Tensor, "B O"],
        actions: Float[Tensor, "*N B A"],
    ) -> Float[Tensor, "*N B"]:
        """Q_φ(s, clip(a)) for actions with any leading dimensions."""
        state_part = self.critic_state_part(parameters, observation)
        return self.critic_values(parameters, state_part, actions)

    def _first(
        self, parameters: Parameters, observation: Float[Tensor, "B O"]
    ) -> Float[Tensor, "H B"]:
        """The first hidden layer, which takes the observation alone."""
        if not self.settings.layer_norm:
            return torch.relu(_affine(parameters, 0, observation.T))
        units_last = added(observation @ parameters["0.weight"].T, parameters["0.bias"])
        return _normalised(parameters, units_last).T


def _affine(
    parameters: Parameters, layer: int | str, hidden: Float[Tensor, "I *B"]
) -> Float[Tensor, "H *B"]:
    weight, bias = parameters[f"{layer}.weight"], parameters[f"{layer}.bias"]
    return added(weight @ hidden.flatten(1), bias.unsqueeze(-1)).unflatten(1, hidden.shape[1:])


def _normalised(parameters: Parameters, hidden: Float[Tensor, "*B H"]) -> Float[Tensor, "*B H"]:
    """tanh of LayerNorm over units (Ba et al. 2016), written out so that it keeps the layout."""
    centred = hidden - hidden.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    normalised = centred * torch.rsqrt(variance + LAYER_NORM_EPSILON)
    return tanh(normalised * parameters["norm.weight"] + parameters["norm.bias"])


def _enter(
    actions: Float[Tensor, "*N B A"], weight: Float[Tensor, "A H"], fused: bool
) -> Float[Tensor, "H *N B"]:
    """a W_a, the action's part of a pre-activation, units first.

    `fused`, the products of few action dimensions are taken one by one, in the loop over units.
    """
    first = actions.movedim(-1, 0)
    if fused and weight.shape[0] <= UNROLLED_ACTIONS:
        first = materialised(first)
        columns = weight.reshape(*weight.shape, *[1] * (actions.ndim - 1))
        total = first[0] * columns[0]
        for k in range(1, weight.shape[0]):
            total = total + first[k] * columns[k]
        return total
    return (weight.T @ first.flatten(1)).unflatten(1, first.shape[1:])


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
