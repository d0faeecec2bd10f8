"""Tensors of K runs as one tensor [K, ...], in which each run has a row.

Rows begin at multiples of 64 bytes, as tensors of their own do: a library's product may depend on
where its operands lie, and a run's bytes must not depend on which row it has.
"""

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.computing.optimiser import Adam
from mpo.algorithm.update import State

ALIGNMENT = 64
"""Bytes, as PyTorch aligns the tensors that it makes on a processor."""


def width(count: int, item: int = 4) -> int:
    """Numbers of `item` bytes from the beginning of a row of `count` to that of the next."""
    whole = ALIGNMENT // item
    return -(-count // whole) * whole


def rows(runs: int, shape: Sequence[int], device: torch.device) -> Float[Tensor, "K *S"]:
    """Zeros [K, *shape] in float32, in aligned rows."""
    size = math.prod(shape)
    return torch.zeros(runs, width(size), device=device)[:, :size].view(runs, *shape)


def whole(stack: Float[Tensor, "K P"]) -> Float[Tensor, "K W"]:
    """Vectors of `rows` with what fills up each row: without gaps, so that one copy moves it."""
    return stack.as_strided((stack.shape[0], stack.stride(0)), (stack.stride(0), 1))


def mapped(function: Callable[..., Tensor], *states: State) -> State:
    """The state of what `function` makes of the same tensor of each of `states`."""

    def part(*parts: Adam) -> Adam:
        return Adam(*(function(*each) for each in zip(*parts, strict=True)))

    policies, critics, multipliers, *targets = zip(*states, strict=True)
    return State(
        part(*policies), part(*critics), part(*multipliers), *(function(*each) for each in targets)
    )


def stacked(states: Sequence[State]) -> State:
    """The states of K runs as one, every tensor [K, ...]; copies."""

    def stack(*tensors: Tensor) -> Tensor:
        made = rows(len(tensors), tensors[0].shape, tensors[0].device)
        for row, tensor in zip(made, tensors, strict=True):
            row.copy_(tensor)
        return made

    return mapped(stack, *states)


def row_of(stack: State, run: int) -> State:
    """The state of one run: views of its rows."""
    return mapped(lambda tensor: tensor[run], stack)
