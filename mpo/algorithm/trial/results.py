"""What a tried function gave, held to what its contract says that it must give."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mpo.algorithm.batch import Batch
from mpo.algorithm.estep.dual_solvers import Solution
from mpo.algorithm.trial.arguments import Sizes, tensors
from mpo.settings import contracts
from mpo.settings.contracts import ARRAY, Function, Size, Value


def fault(asked: Function, result: Any, sizes: Sizes) -> str | None:
    """What is wrong with `result`, as the end of a sentence, or None; learns sizes from it."""
    if not isinstance(asked.gives, tuple):
        return _fault(asked.gives, result, sizes)
    if not isinstance(result, tuple) or len(result) != len(asked.gives):
        return f"gave {_described(result)}; it must give a tuple of {len(asked.gives)}"
    parts = zip(asked.gives, result, strict=True)
    return next(filter(None, (_fault(value, part, sizes) for value, part in parts)), None)


def versions(argument: Any) -> list[int]:
    """Counts that change wherever a tensor of `argument` is written to."""
    return [tensor._version for tensor in tensors(argument)]


def change(
    asked: Function, given: Mapping[str, Any], before: Mapping[str, list[int]]
) -> str | None:
    """Whether arguments were written to that must not be, or not the one that must."""
    for name, value in given.items():
        written = versions(value) != before[name]
        if written and name != asked.changes:
            return f"wrote to its argument {name}, which others read after it"
        if name == asked.changes and not written:
            return f"did not write to its argument {name}"
    return None


def gradient_fault(asked: Function, given: Mapping[str, Any], result: Any) -> str | None:
    """Whether gradients of the result lead, finite, to the arguments that they must reach."""
    if not asked.gradient:
        return None
    total = torch.stack([part.sum() for part in tensors(result)]).sum()
    for name in asked.gradient:
        found: tuple[Tensor | None, ...] = ()
        if total.requires_grad:
            wanted = tensors(given[name])
            found = torch.autograd.grad(total, wanted, retain_graph=True, allow_unused=True)
        reached = [gradient for gradient in found if gradient is not None]
        if not reached:
            return f"gave a result that has no gradient with respect to {name}"
        for gradient in reached:
            if what := _not_finite(gradient):
                return f"gave a result whose gradient with respect to {name} {what}"
    return None


def _fault(asked: Value, found: Any, sizes: Sizes) -> str | None:
    """What is wrong with one value."""
    match asked:
        case None:
            return None if found is None else f"gave {_described(found)}; it must give nothing"
        case Size(letter):
            if isinstance(found, int) and not isinstance(found, bool) and found >= 1:
                sizes[letter] = found
                return None
            return f"gave {_described(found)}; it must give an integer of at least 1"
        case type():
            right = isinstance(found, asked)
            return None if right else f"gave {_described(found)}; it must give a {asked.__name__}"
        case contracts.SOLUTION:
            return _solution_fault(found)
        case contracts.BATCH:
            right = isinstance(found, Batch)
            return None if right else f"gave {_described(found)}; it must give a Batch"
        case contracts.SCALE:
            return _tensor_fault(found, "B ...", sizes)
    return _tensor_fault(found, asked, sizes)


def _solution_fault(found: Any) -> str | None:
    if not isinstance(found, Solution):
        return f"gave {_described(found)}; it must give a dual_solvers.Solution"
    if not (math.isfinite(found.temperature) and found.temperature > 0):
        return f"gave the temperature {found.temperature}; it must be finite and above 0"
    return None


def _tensor_fault(found: Any, asked: str, sizes: Sizes) -> str | None:
    """What is wrong with a tensor, or an array, of which shape and finite numbers are asked."""
    shape = asked.removeprefix(ARRAY)
    letters = shape.removesuffix(" ...").split()
    values = _floats(found, array=shape != asked)
    if values is not None:
        actual = list(values.shape[: len(letters)] if "..." in shape else values.shape)
        if len(actual) == len(letters):
            for letter, number in zip(letters, actual, strict=True):
                sizes.setdefault(letter, number)
            if actual == sizes.of(" ".join(letters)):
                what = _not_finite(values)
                return what and f"gave a result that {what}"
    numbers = [str(sizes[letter]) if letter in sizes else letter for letter in letters]
    wanted = ", ".join([*numbers, "..."] if "..." in shape else numbers)
    kind = "a tensor" if shape == asked else "an array"
    named = f", that is {shape}" if shape else ""
    return f"gave {_described(found)}; it must give {kind} of floats of shape [{wanted}]{named}"


def _floats(found: Any, array: bool) -> Tensor | None:
    """The numbers in a tensor, or in an array where `array`; None in anything else."""
    if array:
        floats = isinstance(found, np.ndarray) and found.dtype.kind == "f"
        return torch.from_numpy(found) if floats else None
    return found if isinstance(found, Tensor) and found.is_floating_point() else None


def _not_finite(values: Tensor) -> str | None:
    """That numbers are not finite, and how many."""
    whole = torch.isfinite(values)
    if whole.all():
        return None
    kind = "NaN" if values.isnan().any() else "infinite"
    count = int((~whole).sum())
    return f"is {kind} in {count} of {values.numel()} numbers" if values.ndim else f"is {kind}"


def _described(found: Any) -> str:
    """A value that was not expected, in a few words."""
    if isinstance(found, Tensor):
        kind = "floats" if found.is_floating_point() else str(found.dtype)
        return f"a tensor of {kind} of shape {list(found.shape)}"
    shape = getattr(found, "shape", None)
    name = f"{type(found).__module__}.{type(found).__name__}".removeprefix("builtins.")
    if found is None:
        return "nothing"
    return f"a {name} of shape {list(shape)}" if shape is not None else f"the {name} {found!r:.40}"
