"""Every option of a run tried by itself, then one update of all of them.

Everything is uncompiled, on a few states, with sizes otherwise the run's own, so that a mistake in
an option shows as itself: its kind, file and line, what it gave and what it must give. A compiler
would tell of it in hundreds of lines of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from mpo.algorithm.learner import Learner
from mpo.algorithm.networks import Networks
from mpo.algorithm.trial import results
from mpo.algorithm.trial.arguments import Arguments
from mpo.settings import OptionError, Settings
from mpo.settings.contracts import ARRAY, CONTRACTS, Attribute, Function
from mpo.settings.faults import fault_of


def attempt(settings: Settings, observation_size: int, action_size: int) -> None:
    """Try every option of `settings`, then one update. Raises `OptionError` at the first mistake.

    An option that is given moderate numbers and gives one that is not finite is a mistake. What
    an update comes to is the run's outcome, and not judged here. No generator of the run is drawn
    from, and the global ones are put back.
    """
    with streams_kept():
        arguments = Arguments(settings, action_size)
        for field in CONTRACTS:
            for _, check in Option(field, settings, arguments).checks():
                check()
        update(settings, arguments, observation_size, action_size)


def update(
    settings: Settings, arguments: Arguments, observation_size: int, action_size: int
) -> None:
    """One uncompiled update of all options together. Raises `OptionError`."""
    uncompiled = settings.model_copy(update={"compile": False})
    try:
        learner = Learner(Networks(uncompiled, observation_size, action_size), 0, 0)
        learner.update(arguments.batch(observation_size))
    except Exception as error:  # whatever options bring about together
        raise fault_of(error) from None


@contextmanager
def streams_kept() -> Iterator[None]:
    """A user's option may draw from the global generators, which are then as they were."""
    state = np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        yield
    np.random.set_state(state)


class _NoNumPy(TorchFunctionMode):
    """Refuses to make an array of a tensor, which may work as it is and not when compiled."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func in (torch.Tensor.numpy, torch.Tensor.__array__):
            raise TypeError("NumPy is given a tensor; a compiled update needs torch's functions")
        return func(*args, **(kwargs or {}))


class Option:
    """The option of one kind, held to the contract of that kind."""

    def __init__(self, field: str, settings: Settings, arguments: Arguments) -> None:
        self._settings, self._arguments = settings, arguments
        self._contract = CONTRACTS[field]
        self._name = f"{field} {getattr(settings, field)}"
        self._module = settings.option(field)
        self._file = Path(str(self._module.__file__))

    def checks(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Each attribute and function by name, and what holds it to the contract.

        That raises `OptionError` where it is not as the contract has it.
        """
        for attribute, wanted in self._contract.attributes.items():
            yield attribute, partial(self._in_range, attribute, wanted)
        for function, asked in self._contract.functions.items():
            condition = getattr(self._module, asked.only_if, True)
            if asked.tried and (condition() if callable(condition) else condition):
                yield function, partial(self._call, function, asked)

    def _in_range(self, attribute: str, asked: Attribute) -> None:
        if not asked.layer_of:
            return
        index = getattr(self._module, attribute)
        layers = len(getattr(self._settings, asked.layer_of))
        if not 0 <= index < layers:
            what = f"{attribute} is {index}; {asked.layer_of} has layers 0 to {layers - 1}"
            raise OptionError(self._name, what, self._file)

    def _call(self, function: str, asked: Function) -> None:
        """Call one function on made-up arguments and look at what it gives."""
        called = getattr(self._module, function)
        code = getattr(inspect.unwrap(getattr(called, "func", called)), "__code__", None)
        line = code.co_firstlineno if code else None
        given = self._arguments.of(asked)
        versions = {name: results.versions(value) for name, value in given.items()}
        try:
            with self._numpy(asked):
                result = called(*given.values())
            what = results.fault(asked, result, self._arguments.sizes)
            what = what or results.change(asked, given, versions)
            what = what or results.gradient_fault(asked, given, result)
        except Exception as error:  # whatever a user's own file may bring about
            raise fault_of(error, self._file, line, self._name) from None
        if what:
            logged = f" ({asked.quantity} in the logs)" if asked.quantity else ""
            said = f"{self._arguments.signature(function, asked)} {what}{logged}"
            raise OptionError(self._name, said, self._file, line)

    def _numpy(self, asked: Function) -> AbstractContextManager[Any]:
        """Where NumPy may be used: outside of what is compiled, and in what takes arrays."""
        arrays = any(str(value).startswith(ARRAY) for value in asked.takes.values())
        return nullcontext() if arrays or not self._settings.compile else _NoNumPy()
