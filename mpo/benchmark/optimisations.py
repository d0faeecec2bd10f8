"""What each optimisation of an update gives: the update without it, beside the update as it is."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from unittest.mock import patch

import pandas as pd
import torch
from torch import Tensor

from mpo.algorithm.computing.devices.cpu import OPTIONS
from mpo.algorithm.computing.operations import added
from mpo.algorithm.networks import Parameters
from mpo.benchmark.subject import subject
from mpo.benchmark.updates import WARM_UPDATES, milliseconds
from mpo.study.entries import load_variants

BLOCKS = 15
FUSED_MULTIPLY_ADD = "cpp.enable_floating_point_contract_flag"

Undone = tuple[str, Callable[[], AbstractContextManager], dict[str, Any]]
"""What is undone, the patch under which the update is then compiled, and changed settings."""


def _at_every_call(method: Callable[..., Any]) -> Callable[..., Any]:
    """`torch.compile` as it is commonly used, which checks at each call that its graph fits."""
    return torch.compile(method, fullgraph=True, dynamic=False, options=dict(OPTIONS))


def _units_in_a_row(parameters: Parameters, layer: int | str, hidden: Tensor) -> Tensor:
    weight, bias = parameters[f"{layer}.weight"], parameters[f"{layer}.bias"]
    rows = added(hidden.flatten(1).T @ weight.T, bias)
    return rows.T.unflatten(1, hidden.shape[1:])


UNDONE: tuple[Undone, ...] = (
    ("nothing", nullcontext, {}),
    ("the compiler", nullcontext, {"compile": False}),
    (
        "calling the graph directly",
        lambda: patch("mpo.algorithm.computing.devices.cpu.compiled_in_place", _at_every_call),
        {},
    ),
    (
        "kernels called from C++, in memory of one allocation",
        lambda: patch("mpo.algorithm.computing.devices.cpu.OPTIONS", {FUSED_MULTIPLY_ADD: "fast"}),
        {},
    ),
    (
        "multiply and add as one instruction",
        lambda: patch.dict(
            "mpo.algorithm.computing.devices.cpu.OPTIONS", {FUSED_MULTIPLY_ADD: "off"}
        ),
        {},
    ),
    (
        "states in a row in memory",
        lambda: patch("mpo.algorithm.networks._affine", _units_in_a_row),
        {},
    ),
    (
        "biases added apart from products",
        lambda: patch("mpo.algorithm.networks.added", lambda product, x: product + x),
        {},
    ),
    (
        "sampled actions stored once",
        lambda: patch("mpo.algorithm.networks.materialised", lambda x: x),
        {},
    ),
    (
        "Adam's bias corrections computed once",
        lambda: patch("mpo.algorithm.computing.optimiser.materialised", lambda x: x),
        {},
    ),
    (
        "products of few action dimensions fused",
        lambda: patch("mpo.algorithm.networks.UNROLLED_ACTIONS", 0),
        {},
    ),
    ("tanh by one exponential", lambda: patch("mpo.algorithm.networks.tanh", torch.tanh), {}),
    ("the action's late entry (another critic)", nullcontext, {"action_entry": "input"}),
)


def measured(variant: str, updates: int, compile_: bool = True) -> Iterator[dict[str, Any]]:
    """A row an optimisation: variant, what is undone, ms an update and times the update as it is.

    All are compiled first, unless `compile_` is false, and then timed in turn, so that they share
    the machine's moods.
    """
    torch.set_num_threads(1)
    subjects = {}
    for name, undoing, changes in UNDONE:
        with undoing():
            subjects[name] = subject(
                load_variants()[variant].settings, **{"compile": compile_, **changes}
            )
            milliseconds(subjects[name].update, WARM_UPDATES)
    found: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(BLOCKS):
        for name, undone in subjects.items():
            found[name].append(milliseconds(undone.update, updates))
    whole = found["nothing"]
    for name, times in found.items():
        ratios = [time / base for time, base in zip(times, whole, strict=True)]
        yield {
            "variant": variant,
            "undone": name,
            "update_ms": statistics.median(times),
            "times": statistics.median(ratios),
        }


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """One row an optimisation, for a reader: a column a variant, times the update as it is."""
    cells = rows.assign(times=rows["times"].map("{:.2f}".format))
    wide = cells.pivot(index="undone", columns="variant", values="times")
    ordered = wide.reindex(index=rows["undone"].unique(), columns=rows["variant"].unique())
    return ordered.rename_axis(columns=None).reset_index()
