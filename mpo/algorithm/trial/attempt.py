"""Every option of a run tried by itself, then one update of all of them.

Everything is uncompiled, on a few states, with sizes otherwise the run's own, so that a mistake in
an option shows as itself: its kind, file and line, what it gave and what it must give. A compiler
would tell of it in hundreds of lines of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from mpo.algorithm.learner import Learner
from mpo.algorithm.networks import Networks
from mpo.algorithm.trial import results
from mpo.algorithm.trial.arguments import Arguments
from mpo.settings import OptionError, Settings, option
from mpo.settings.contracts import CONTRACTS, Attribute, Function
from mpo.settings.faults import fault_of


def attempt(settings: Settings, observation_size: int, action_size: int) -> None:
    """Try every option of `settings`, then one update. Raises `OptionError` at the first mistake.

    An option that is given moderate numbers and gives one that is not finite is a mistake. What
    an update comes to is the run's outcome, and not judged here. No generator of the run is drawn
    from, and the global ones are put back.
    """
    with _streams_kept():
        arguments = Arguments(settings, action_size)
        for field in CONTRACTS:
            _attempt_option(field, option(field, getattr(settings, field)), settings, arguments)
        try:
            networks = Networks(
                settings.model_copy(update={"compile": False}), observation_size, action_size
            )
            Learner(networks, 0, 0).update(arguments.batch(observation_size))
        except Exception as error:  # whatever options bring about together
            raise fault_of(error) from None


@contextmanager
def _streams_kept() -> Iterator[None]:
    """A user's option may draw from the global generators, which are then as they were."""
    state = np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        yield
    np.random.set_state(state)


def _attempt_option(
    field: str, module: ModuleType, settings: Settings, arguments: Arguments
) -> None:
    """Hold one module to the contract of its kind. Raises `OptionError`."""
    name, file = f"{field} {getattr(settings, field)}", Path(str(module.__file__))
    contract = CONTRACTS[field]
    for attribute, asked in contract.attributes.items():
        if what := _out_of_range(attribute, asked, module, settings):
            raise OptionError(name, what, file)
    for function, asked in contract.functions.items():
        condition = getattr(module, asked.only_if, True)
        if asked.tried and (condition() if callable(condition) else condition):
            _attempt_function(name, file, module, function, asked, arguments)


def _out_of_range(
    attribute: str, asked: Attribute, module: ModuleType, settings: Settings
) -> str | None:
    if not asked.layer_of:
        return None
    index, layers = getattr(module, attribute), getattr(settings, asked.layer_of)
    if 0 <= index < len(layers):
        return None
    return f"{attribute} is {index}; {asked.layer_of} has layers 0 to {len(layers) - 1}"


def _attempt_function(
    name: str,
    file: Path,
    module: ModuleType,
    function: str,
    asked: Function,
    arguments: Arguments,
) -> None:
    """Call one function on made-up arguments and look at what it gives."""
    called = getattr(module, function)
    code = getattr(inspect.unwrap(called), "__code__", None)
    line = code.co_firstlineno if code else None
    given = arguments.of(asked)
    versions = {key: results.versions(value) for key, value in given.items()}
    try:
        result = called(*given.values())
        what = results.fault(asked, result, arguments.sizes)
        what = what or results.change(asked, given, versions)
        what = what or results.gradient_fault(asked, given, result)
    except Exception as error:  # whatever a user's own file may bring about
        raise fault_of(error, file, line, name) from None
    if what:
        logged = f" ({asked.quantity} in the logs)" if asked.quantity else ""
        call = arguments.signature(function, asked)
        raise OptionError(name, f"{call} {what}{logged}", file, line)
