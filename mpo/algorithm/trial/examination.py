"""Everything that is asked of one option, check by check: what `mpo check option` prints.

Its contract (shapes, types, finite numbers, gradients, what it may write to), its identity, its
functions traced as one graph and compared with the eager ones, seeds beside each other, and one
update of a run that uses it. The tests put every shipped option through the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from mpo.algorithm.trial.arguments import Arguments, tensors
from mpo.algorithm.trial.attempt import Option, streams_kept, update
from mpo.algorithm.trial.identities import IDENTITIES, fault
from mpo.settings import OptionError, Settings
from mpo.settings.contracts import ARRAY, CONTRACTS, Function
from mpo.settings.faults import fault_of
from mpo.settings.options import file_of

SIZES = 5, 3
"""Observation and action of the made-up run."""
BESIDE = 2
"""Seeds beside each other."""
OUTSIDE = ("protocol", "device")
"""Kinds that an update is made with, and is not made of."""


class Check(NamedTuple):
    """What was looked at, and what is wrong with it; None where nothing is."""

    name: str
    fault: OptionError | None


def examine(field: str, settings: Settings) -> Iterator[Check]:
    """All checks of the option that `settings` names for `field`.

    Where the module itself is not what its kind asks for, that is the one check.
    """
    with streams_kept():
        option, arguments = None, Arguments(settings, SIZES[1])
        try:
            _dependent_sizes(arguments)
            option = Option(field, settings, arguments)
        except OptionError as error:
            yield Check("what its kind asks for", error)
            return
        yield Check("what its kind asks for", None)
        functions = CONTRACTS[field].functions
        checks = [(_title(name, functions.get(name)), check) for name, check in option.checks()]
        for name, check in [*checks, *_beyond(field, settings, arguments)]:
            yield Check(name, _found(field, settings, check))


def _dependent_sizes(arguments: Arguments) -> None:
    """Learn from the run's other options what their contracts would tell."""
    for field in ("covariance", "returns"):
        for name, check in Option(field, arguments.settings, arguments).checks():
            if name in ("outputs", "deviation", "half_log_determinant", "length"):
                check()


def _beyond(
    field: str, settings: Settings, arguments: Arguments
) -> Iterator[tuple[str, Callable[[], None]]]:
    """What the contract of single functions does not say."""
    module = settings.option(field)
    if field in IDENTITIES:
        yield (
            f"identity: {IDENTITIES[field].sentence}",
            lambda: _raise(fault(field, module, arguments), field, settings),
        )
    if field in OUTSIDE:
        return
    for name, asked in CONTRACTS[field].functions.items():
        if _compiled(asked) and callable(getattr(module, name, None)):
            function = getattr(module, name)
            for title, other in (("compiled as one graph", _traced), ("many seeds", _beside)):
                yield (
                    f"{name}: {title}, equal to eager",
                    lambda function=function, asked=asked, other=other: _raise(
                        other(function, arguments.of(asked)), field, settings
                    ),
                )
    yield "an update of a whole run", lambda: update(settings, arguments, *SIZES)


def _compiled(asked: Function) -> bool:
    """Whether an update calls the function, as tensors of its graph."""
    takes = [value for value in asked.takes.values() if isinstance(value, str)]
    arrays = any(value.startswith(ARRAY) for value in takes)
    return isinstance(asked.gives, str | tuple) and bool(takes) and not arrays


def _split(function: Callable[..., Any], given: dict[str, Any]) -> tuple[Any, list[Any]]:
    """`function` of those of its arguments that hold tensors, and these, without gradients."""
    moving = {name: _detached(value) for name, value in given.items() if tensors(value)}

    def of(*arguments: Any) -> Any:
        whole = given | dict(zip(moving, arguments, strict=True))
        return function(*whole.values())

    return of, list(moving.values())


def _detached(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach()
    return type(value)(*(part.detach() for part in value))


def _traced(function: Callable[..., Any], given: dict[str, Any]) -> str | None:
    """What is wrong with the function as one graph; no code is generated for it, so it is quick."""
    of, arguments = _split(function, given)
    torch._dynamo.reset()
    compiled = torch.compile(of, fullgraph=True, backend="aot_eager", dynamic=False)
    return _differing(of(*arguments), compiled(*arguments), "compiled")


def _beside(function: Callable[..., Any], given: dict[str, Any]) -> str | None:
    """What is wrong with the function of several seeds at once, by `torch.func.vmap`."""
    of, arguments = _split(function, given)
    stacked = [tree_map(lambda part: torch.stack([part] * BESIDE), each) for each in arguments]
    found = tensors(torch.func.vmap(of)(*stacked))
    return _differing(of(*arguments), tuple(part[0] for part in found), "of many seeds")


def _differing(eager: Any, other: Any, word: str) -> str | None:
    for left, right in zip(tensors(eager), tensors(other) or [other], strict=True):
        if left.shape != right.shape or not torch.allclose(left, right, 1e-4, 1e-5):
            return f"{word} gives other numbers than eager"
    return None


def _title(name: str, asked: Function | None) -> str:
    if asked is None:
        return f"{name}: there, of its type"
    gradient = f", gradient to {' and '.join(asked.gradient)}" if asked.gradient else ""
    if asked.changes:
        return f"{name}: writes to {asked.changes} alone"
    return f"{name}: shape, type, finite{gradient}, writes to nothing"


def _raise(what: str | None, field: str, settings: Settings) -> None:
    if what:
        name = getattr(settings, field)
        raise OptionError(f"{field} {name}", what, file_of(field, name))


def _found(field: str, settings: Settings, check: Callable[[], None]) -> OptionError | None:
    try:
        check()
    except OptionError as error:
        return error
    except Exception as error:  # whatever a user's own file may bring about
        name = getattr(settings, field)
        return fault_of(error, file_of(field, name), option=f"{field} {name}")
    return None
