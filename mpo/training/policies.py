"""The final policy of a run, to act by: an observation in, an action of the environment out.

What evaluation does: the mean action, clipped to [-1, 1] and rescaled to the environment's bounds.
`exported` makes the same of PyTorch alone, in a form that runs without this package.
"""

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn

from mpo.algorithm.networks import LAYER_NORM_EPSILON, Parameters
from mpo.rundir import POLICY, replacing
from mpo.settings import Settings
from mpo.training.environment import Environment
from mpo.training.environment.actions import Actions
from mpo.training.replaying import load_policy, load_run

PARTS = "observation.json"
"""Extra file of an exported policy."""


class Policy:
    """The final policy of the run in a folder. Raises ValueError or OSError where there is none."""

    def __init__(self, directory: str | Path) -> None:
        """Read the run, and open its environment once for the spaces."""
        self.settings, self.task = load_run(Path(directory))
        environment = Environment.of(self.settings)
        try:
            self.actor = load_policy(Path(directory), environment, self.settings)
            self.parts = _parts(environment)
            """Names and sizes of what a flat observation is put together of, in its order."""
        finally:
            environment.close()
        self.observation_size = environment.observation_size
        self.actions = environment.actions
        self.action_space = self.actions.space
        """Of the environment as its task's entry wraps it."""
        self._flat = environment.simulator.flat

    def action(self, observation: Any) -> np.ndarray:
        """The mean action at an observation, flat [O] of `parts` or as the environment gives it.

        Raises `Diverged` where it is not finite.
        """
        return self.actions.native(self.actor.mean(self._vector(observation)))

    def sample(self, observation: Any, generator: np.random.Generator) -> np.ndarray:
        """An action drawn from the Gaussian at an observation, clipped to the space's bounds."""
        drawn = self.actor.sample(self._vector(observation), generator)
        return self.actions.native(drawn.action)

    def _vector(self, observation: Any) -> Float[np.ndarray, " O"]:
        if isinstance(observation, np.ndarray) and observation.shape == (self.observation_size,):
            return observation.astype(np.float32)
        return self._flat(observation)


def _parts(environment: Environment) -> dict[str, int]:
    """dm_control's in its own order, where that is stepped directly, while Gymnasium sorts them."""
    inner = getattr(environment.simulator, "inner", None)
    if inner is not None:
        spec = inner.observation_spec()
        return {name: math.prod(part.shape) for name, part in spec.items()}
    return {"observation": environment.observation_size}


class Exported(nn.Module):
    """The mean action as a module: [O] or [B, O] of float32 to one action or B of them."""

    low: Tensor
    high: Tensor

    def __init__(self, settings: Settings, named: Parameters, actions: Actions) -> None:
        """The mean of the policy whose parameters are `named`."""
        super().__init__()
        layers: list[nn.Module] = []
        for index in range(len(settings.policy_hidden)):
            layers.append(_linear(named[f"{index}.weight"], named[f"{index}.bias"]))
            if index == 0 and settings.layer_norm:
                layers += [_layer_norm(named), nn.Tanh()]
            else:
                layers.append(nn.ReLU())
        head = named["head.weight"][: actions.size], named["head.bias"][: actions.size]
        self.layers = nn.Sequential(*layers, _linear(*head))
        self._mean = settings.option("mean").mean
        space = actions.space
        self._shape, self._is_whole = space.shape, space.dtype.kind in "iu"
        self._dtype = torch.from_numpy(np.zeros(1, space.dtype)).dtype
        for name, bound in (("low", space.low), ("high", space.high)):
            flat = torch.from_numpy(bound.reshape(-1).astype(np.float64))
            self.register_buffer(name, flat)

    def forward(self, observation: Tensor) -> Tensor:
        """The mean action, clipped and rescaled as `Actions.native` does."""
        mean = self._mean(self.layers(observation))
        twice = (mean + 1.0).double()
        native = (self.low - self.low / 2.0 * twice) + self.high / 2.0 * twice
        native = torch.minimum(torch.maximum(native, self.low), self.high)
        native = (torch.round(native) if self._is_whole else native).to(self._dtype)
        if len(self._shape) == 1:
            return native
        return native.unflatten(-1, self._shape) if self._shape else native.squeeze(-1)


def export(directory: str | Path, file: Path) -> None:
    """Write the final policy of a run as TorchScript. Raises as `Policy` does.

    The archive's extra file `observation.json` says of what parts, in which order and how large, a
    flat observation is put together.
    """
    policy = Policy(directory)
    named = load_file(Path(directory) / POLICY)
    module = Exported(policy.settings, named, policy.actions).eval()
    with torch.no_grad(), warnings.catch_warnings(), replacing(file) as content:
        warnings.simplefilter("ignore", DeprecationWarning)  # PyTorch would have torch.export
        traced = torch.jit.trace(module, torch.zeros(2, policy.observation_size))
        torch.jit.save(traced, content, {PARTS: json.dumps(policy.parts)})


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())
    return layer.requires_grad_(False)


def _layer_norm(named: Parameters) -> nn.LayerNorm:
    layer = nn.LayerNorm(len(named["norm.bias"]), LAYER_NORM_EPSILON)
    layer.weight, layer.bias = (
        nn.Parameter(named[f"norm.{p}"].clone()) for p in ("weight", "bias")
    )
    return layer.requires_grad_(False)
