"""Compiling the update: whether it can be, with which options, and called at what cost.

Where no C++ compiler is found, the same code runs eagerly, with one warning.
"""

import logging
import shutil
from collections.abc import Callable
from typing import Any

import torch

from mpo.settings import Settings

COMPILERS = ("g++", "c++", "clang++")
CPU_OPTIONS: dict[str, Any] = {
    "cpp_wrapper": True,  # kernels are called from C++
    "memory_planning": True,  # one allocation a call
    "aot_inductor.allow_stack_allocation": True,  # small arrays need none
    "size_asserts": False,
    "alignment_asserts": False,
    "cpp.enable_floating_point_contract_flag": "fast",  # a * b + c as one instruction
}
"""What an update on the CPU is compiled with; docs/performance.md says what each gives."""

log = logging.getLogger("mpo")


def can_compile(settings: Settings) -> bool:
    """Whether the update will be compiled: asked for, and possible on this machine."""
    if not settings.compile:
        return False
    if settings.device == "cpu" and not any(shutil.which(name) for name in COMPILERS):
        log.warning("no C++ compiler found (%s): updates run eagerly", ", ".join(COMPILERS))
        return False
    return True


def compiled(method: Callable[..., Any], device: torch.device) -> Callable[..., Any]:
    """A bound method as one graph, compiled at its first call, for arguments like those."""
    if device.type == "cuda":
        options: dict[str, Any] = {"triton.cudagraphs": True}
        return torch.compile(method, fullgraph=True, dynamic=False, options=options)
    return ahead_of_time(method)


def ahead_of_time(method: Callable[..., Any]) -> Callable[..., Any]:
    """The same, called without the checks at each call of what `torch.compile` returns.

    They cost 0.1 ms; shapes, settings and modules of a run never change.
    """
    unguarded = {"guard_filter_fn": torch.compiler.skip_all_guards_unsafe}
    options = {**unguarded, **CPU_OPTIONS}
    function: Any = torch.compile(method, fullgraph=True, dynamic=False, options=options)
    owner = method.__self__  # type: ignore[attr-defined]
    graph: Any = None

    def call(*arguments: Any) -> Any:
        nonlocal graph
        if graph is None:
            graph = function.aot_compile((arguments, {}))
            graph.disable_guard_check()
        return graph(owner, *arguments)

    return call
