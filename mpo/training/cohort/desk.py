"""Memory that the players of a cohort's runs and their learner share, a place for each run.

One block, which processes may share, holds all of it. Rows of parameters begin where tensors of
their own would (`algorithm.cohort.stacked`).

| array | shape | written by | meaning |
|---|---|---|---|
| `acting`, `evaluated` | [K, P] | learner | parameters to collect by and to evaluate |
| `rows`, `places`, `fresh` | [K, R, W], [K, R], [K] | player | new rows, where they go, how many |
| `index`, `valid` | [K, T + 1, S], [K, T, S] | player | rows of the batch that is due |
| `phase`, `step`, `episodes` | [K] | player | where the run is |
| `seconds` | [K, 3] | player | in simulators, in acting, in evaluations |
| `cpu_s` | [V] | worker | processor seconds of each worker so far |
| `pause` | [1] | anyone | 1: stop at the next decision |
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mpo.algorithm.cohort.stacked import width
from mpo.algorithm.networks import Networks
from mpo.algorithm.networks import size as count_of
from mpo.settings import Settings

FRESH_ROWS = 256
"""R: rows that a player hands on at a time; far more than are due between two updates."""
TIMED = ("environment", "act", "evaluation")
"""Parts of the clock that a player spends, in the order of `seconds`."""


class Phase(IntEnum):
    """Where a run is."""

    PLAYING = 0
    """It goes on by itself."""
    DRAWN = 1
    """Its batch is drawn; an update is due."""
    FINISHED = 2
    """Its budget is spent and its last evaluation done."""
    DIVERGED = 3
    """A quantity of it is not finite; it goes on no more."""


class Sizes(NamedTuple):
    """What the shapes above depend on."""

    runs: int
    parameters: int
    row: int
    """W: numbers in a row of the replay."""
    capacity: int
    """Rows of one replay."""
    length: int
    sequences: int
    averaged: bool
    """Whether other parameters are evaluated than are collected by."""
    workers: int

    @classmethod
    def of(cls, networks: Networks, runs: int, workers: int) -> Sizes:
        """Those of a cohort with these networks and their settings."""
        settings = networks.settings
        returns = settings.option("returns")
        return cls(
            runs,
            count_of(networks.policy_shapes()),
            networks.observation_size + networks.action_size + 3,
            capacity(settings) + 1,
            returns.length(settings),
            returns.sequences(settings),
            settings.policy_average is not None,
            workers,
        )

    @property
    def fresh(self) -> int:
        """R: no more than there are rows, so that none is handed on twice at a time."""
        return min(FRESH_ROWS, self.capacity)


def capacity(settings: Settings) -> int:
    """Decisions that the replay of a run has room for (as `protocols.off_policy`)."""
    return min(settings.replay_capacity, 2 * (settings.steps // settings.action_repeat + 1))


class Desk:
    """The arrays of a block. Whoever has the block has the same arrays."""

    def __init__(self, sizes: Sizes, block: Tensor | None = None) -> None:
        """The arrays in `block`, or in one of its own, which begins as zeros."""
        self.sizes = sizes
        k, p = sizes.runs, width(sizes.parameters)
        kinds: Mapping[str, tuple[type, tuple[int, ...]]] = {
            "acting": (np.float32, (k, p)),
            "evaluated": (np.float32, (k, p if sizes.averaged else 0)),
            "rows": (np.float32, (k, sizes.fresh, sizes.row)),
            "places": (np.int64, (k, sizes.fresh)),
            "fresh": (np.int64, (k,)),
            "index": (np.int64, (k, sizes.length + 1, sizes.sequences)),
            "valid": (np.float32, (k, sizes.length, sizes.sequences)),
            "phase": (np.int64, (k,)),
            "step": (np.int64, (k,)),
            "episodes": (np.int64, (k,)),
            "seconds": (np.float64, (k, len(TIMED))),
            "cpu_s": (np.float64, (sizes.workers,)),
            "pause": (np.int64, (1,)),
        }
        spans = {
            name: width(int(np.prod(shape)) * np.dtype(kind).itemsize, 1)
            for name, (kind, shape) in kinds.items()
        }
        if block is None:
            block = torch.zeros(sum(spans.values()), dtype=torch.uint8)
        self.block = block
        memory, start, made = block.numpy(), 0, {}
        for name, (kind, shape) in kinds.items():
            part = memory[start : start + spans[name]].view(kind)
            made[name] = part[: int(np.prod(shape))].reshape(shape)
            start += spans[name]
        self.rows, self.places, self.fresh = made["rows"], made["places"], made["fresh"]
        self.index, self.valid = made["index"], made["valid"]
        self.phase, self.step, self.episodes = made["phase"], made["step"], made["episodes"]
        self.seconds, self.cpu_s, self.pause = made["seconds"], made["cpu_s"], made["pause"]
        self.acting_tensor = torch.from_numpy(made["acting"])[:, : sizes.parameters]
        self.evaluated_tensor = self.acting_tensor
        if sizes.averaged:
            self.evaluated_tensor = torch.from_numpy(made["evaluated"])[:, : sizes.parameters]
        self.acting, self.evaluated = self.acting_tensor.numpy(), self.evaluated_tensor.numpy()

    @property
    def paused(self) -> bool:
        """Whether players shall stop at the next decision."""
        return bool(self.pause[0])

    def pin(self) -> bool:
        """Page-lock the block for fast copies to and from a GPU; whether that could be done."""
        cudart: Any = torch.cuda.cudart()
        return int(cudart.cudaHostRegister(self.block.data_ptr(), self.block.numel(), 0)) == 0

    def unpin(self) -> None:
        """Undo `pin`."""
        cudart: Any = torch.cuda.cudart()
        cudart.cudaHostUnregister(self.block.data_ptr())
