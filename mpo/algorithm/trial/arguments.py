"""Made-up arguments of an option's functions, of moderate size, by what the contract says."""

from __future__ import annotations

from itertools import count
from typing import Any, TypeGuard

import torch
from torch import Tensor

from mpo.algorithm.batch import Batch
from mpo.algorithm.gaussian import Gaussian
from mpo.algorithm.policy_evaluation.returns import Transitions
from mpo.settings import Settings, contracts
from mpo.settings.contracts import ARRAY, Function, Size, Value

NUMBERS = {"epsilon": 0.1, "discount": 0.9, "polyak": 0.5, "minimum_deviation": 1e-3}
"""What the numbers among the arguments are; others are 1."""
SHARE_TERMINATED = 0.3


class Sizes(dict[str, int]):
    """The number of what each letter stands for; a letter that is not known gets one of its own.

    So no two letters have the same by chance, and a shape that is transposed shows.
    """

    def __missing__(self, letter: str) -> int:
        taken = {1, *self.values()}
        self[letter] = next(number for number in count(3) if number not in taken)
        return self[letter]

    def of(self, shape: str) -> list[int]:
        """The sizes of a shape."""
        return [self[letter] for letter in shape.split()]


class Arguments:
    """Arguments for the options of one run's settings."""

    def __init__(self, settings: Settings, action_size: int) -> None:
        """Sizes are the settings', but for the states, of which there are a few."""
        self.settings = settings
        self.sizes = Sizes(N=settings.action_samples, A=action_size)
        self._generator = torch.Generator().manual_seed(0)

    def of(self, function: Function) -> dict[str, Any]:
        """The arguments of a function by name, in order, gradients asked for."""
        given = {name: self._one(name, asked) for name, asked in function.takes.items()}
        for name in function.gradient:
            for tensor in tensors(given[name]):
                tensor.requires_grad_()
        return given

    def signature(self, name: str, function: Function) -> str:
        """The function's call with the shapes of its arguments."""
        shapes = (
            f" {self.sizes.of(asked.removeprefix(ARRAY))}" if is_shape(asked) else ""
            for asked in function.takes.values()
        )
        shown = (argument + shape for argument, shape in zip(function.takes, shapes, strict=True))
        return f"{name}({', '.join(shown)})"

    def batch(self, observation_size: int) -> Batch:
        """A batch as the run's returns need it."""
        steps, pairs = self._steps_and_pairs()
        starts = self.sizes["S"]
        return Batch(
            observation=self._normal(pairs + 1, starts, observation_size),
            action=self._normal(pairs, starts, self.sizes["A"]),
            reward=self._normal(steps, starts),
            behaviour_log_prob=self._normal(pairs, starts) - 1.0,
            terminated=self._terminated(steps, starts),
            valid=torch.ones(steps, starts),
        )

    def _one(self, name: str, asked: Value) -> Any:
        s = self.settings
        match asked:
            case Size(letter):
                return self.sizes[letter]
            case contracts.SETTINGS:
                return s
            case contracts.COVARIANCE:
                return s.option("covariance")
            case contracts.LIKELIHOOD:
                return s.option("likelihood")
            case contracts.DUAL:
                return s.option("dual").dual
            case contracts.SCALE:
                return self.scale()
            case contracts.GAUSSIAN:
                return Gaussian(self._normal(*self.sizes.of("B A")), self.scale())
            case contracts.TRANSITIONS:
                return self._transitions()
            case contracts.BATCH:
                return self.batch(self.sizes["O"])
            case str():
                return self._tensor(name, asked)
        return NUMBERS.get(name, 1.0)

    def _tensor(self, name: str, shape: str) -> Any:
        if shape.startswith(ARRAY):
            return self._tensor(name, shape.removeprefix(ARRAY)).double().numpy()
        sizes = self.sizes.of(shape)
        match name:
            case "temperature":
                return torch.ones(sizes)
            case "state_weights":
                return torch.full(sizes, 1.0 / sizes[0])
            case "terms":  # of a divergence
                return torch.rand(sizes, generator=self._generator)
        return self._normal(*sizes)

    def scale(self) -> Tensor:
        """Of B states, in the form of the run's covariance."""
        raw = 0.1 * self._normal(*self.sizes.of("B R"))
        return self.settings.option("covariance").scale(raw, 1.0, 1e-3).detach()

    def _transitions(self) -> Transitions:
        steps, pairs = self._steps_and_pairs()
        starts = self.sizes["S"]
        of_states = (self._normal(pairs, starts) for _ in range(3))
        whole = torch.ones(steps, starts)
        return Transitions(
            self._normal(steps, starts), self._terminated(steps, starts), whole, *of_states
        )

    def _steps_and_pairs(self) -> tuple[int, int]:
        """T, and U, which is 1 where the ends of a sequence are enough."""
        steps = self.sizes["T"]
        ends = self.settings.option("returns").ENDPOINTS
        self.sizes["U"] = 1 if ends else steps
        return steps, self.sizes["U"]

    def _terminated(self, *sizes: int) -> Tensor:
        return (torch.rand(sizes, generator=self._generator) < SHARE_TERMINATED).float()

    def _normal(self, *sizes: int) -> Tensor:
        return torch.randn(sizes, generator=self._generator)


def is_shape(asked: Value) -> TypeGuard[str]:
    """Whether the contract asks for a tensor or an array of that shape."""
    return isinstance(asked, str) and asked not in contracts.NAMES


def tensors(value: Any) -> list[Tensor]:
    """The tensors in an argument or a result."""
    if isinstance(value, Tensor):
        return [value]
    return [each for each in value if isinstance(each, Tensor)] if isinstance(value, tuple) else []
