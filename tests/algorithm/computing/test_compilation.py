"""A compiled method is called directly, on the tensors of its arguments, and is its owner's own."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mpo.algorithm.computing.devices.cpu import InPlace
from tests.apart import apart


class Pair(NamedTuple):
    total: Tensor
    step: Tensor


class Adder:
    """Adds its factor times a step."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def add(self, unused: Tensor, pair: Pair) -> None:
        pair.total.add_(self.factor * pair.step)


def _totals() -> list[list[float]]:
    found = []
    adders = [InPlace(Adder(factor).add) for factor in (1.0, 10.0)]
    for adder in adders:
        pair = Pair(torch.zeros(3), torch.ones(3))
        adder(torch.full((3,), torch.nan), pair)
        adder._first = None  # type: ignore[assignment]  # what `torch.compile` gave is done with
        adder(torch.full((3,), torch.nan), pair._replace(step=torch.tensor([2.0, 3.0, 4.0])))
        found.append(pair.total.tolist())
    return found


def test_later_calls_go_to_the_graph_of_their_own_owner_with_the_arguments_of_each_call() -> None:
    assert apart(_totals) == [[3.0, 4.0, 5.0], [30.0, 40.0, 50.0]]
