"""Milliseconds of an update beside its floor and beside slower code of the same mathematics."""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from mpo.benchmark.floor import floating_point_operations
from mpo.benchmark.subject import subject
from mpo.project import SHIPPED

CUBE = 1024
"""Side of the matrices whose product gives the machine's rate."""
WARM_UPDATES = 30
REFERENCE = SHIPPED / "tests/reference/__init__.py"


@dataclass(frozen=True)
class UpdateCost:
    """Medians over pairs."""

    update_ms: float
    floor_ms: float
    ratio: float
    """Of the times in each pair."""
    eager_ms: float
    """The same code, not compiled."""
    reference_ms: float | None
    """tests/reference/, written as the papers are; None where it is not, as in a wheel."""
    gflop_per_s: float
    mflop: float


def milliseconds(function: Callable[[], object], times: int) -> float:
    """The mean time of `times` calls, until the GPU is done with them where one is used."""
    start = time.perf_counter()
    for _ in range(times):
        function()
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - start) / times


def load_reference(file: Path = REFERENCE) -> ModuleType | None:
    """The reference implementation among the tests, None beyond a checkout."""
    if not file.exists():
        return None
    spec = importlib.util.spec_from_file_location("reference", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = module
    spec.loader.exec_module(module)
    return module


def update_cost(
    own: Mapping[str, Any], pairs: int, updates: int, compile_: bool = True, device: str = "cpu"
) -> UpdateCost:
    """Time updates and the cube's product in turn, `pairs` times, `updates` updates each.

    Both on `device`; the reference, which reads single numbers, always on the processor.
    """
    ours = subject(own, compile=compile_, device=device)
    eager = subject(own, compile=False, device=device)
    module = load_reference()
    reference = subject(own, compile=False).reference(module) if module else None
    left, right, out = (torch.randn(CUBE, CUBE, device=device) for _ in range(3))

    def cube() -> None:
        torch.mm(left, right, out=out)

    def by_reference() -> None:
        if reference:
            reference()

    for function in (*[ours.update] * WARM_UPDATES, eager.update, by_reference, cube):
        milliseconds(function, 1)
    operations = floating_point_operations(ours.networks)
    found: dict[str, list[float]] = {"update": [], "cube": [], "eager": [], "reference": []}
    for _ in range(pairs):
        found["cube"].append(milliseconds(cube, 10))
        found["update"].append(milliseconds(ours.update, updates))
        found["eager"].append(milliseconds(eager.update, 2))
        found["reference"].append(milliseconds(by_reference, 1))
    floors = [operations / (2 * CUBE**3) * cube_ms for cube_ms in found["cube"]]
    ratios = [update / floor for update, floor in zip(found["update"], floors, strict=True)]
    medians = {name: statistics.median(values) for name, values in found.items()}
    return UpdateCost(
        medians["update"],
        statistics.median(floors),
        statistics.median(ratios),
        medians["eager"],
        medians["reference"] if reference else None,
        2 * CUBE**3 / medians["cube"] / 1e6,
        operations / 1e6,
    )
