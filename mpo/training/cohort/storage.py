"""The replays of all runs of a cohort as one tensor on the learner's device, gathered there.

Rows are as `training.replay` has them: observation [O], action [A], reward, log-density of the
action, whether the episode terminated. Memory starts as NaN.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mpo.algorithm.batch import Batch
from mpo.algorithm.networks import Networks
from mpo.training.cohort.desk import Desk


class Storage:
    """Rows [K, C, W], of C rows a run."""

    def __init__(self, networks: Networks, desk: Desk, device: torch.device) -> None:
        """Room for every run's replay, and for one batch of all."""
        sizes = desk.sizes
        self._desk, self._device = desk, device
        self._endpoints = bool(networks.settings.option("returns").ENDPOINTS)
        self._observation, self._action = networks.observation_size, networks.action_size
        shape = sizes.runs, sizes.capacity, sizes.row
        self._rows = torch.full(shape, torch.nan, device=device)
        self._flat = self._rows.view(-1, sizes.row)
        starts = np.arange(sizes.runs) * sizes.capacity
        self._starts, self._fresh = starts[:, None], np.arange(sizes.fresh)
        self._offset = torch.from_numpy(starts).to(device)[:, None, None]
        self._index = torch.zeros(desk.index.shape, dtype=torch.int64, device=device)
        self._valid = torch.zeros(desk.valid.shape, device=device)
        self._drawn = torch.zeros(*desk.index.shape, sizes.row, device=device)

    def store(self) -> None:
        """Take over what the players have handed on."""
        desk = self._desk
        if not desk.fresh.any():
            return
        which = self._fresh < desk.fresh[:, None]
        places = torch.from_numpy((desk.places + self._starts)[which])
        rows = torch.from_numpy(desk.rows[which])
        self._flat.index_copy_(0, places.to(self._device), rows.to(self._device))
        desk.fresh[:] = 0

    def batch(self) -> Batch:
        """The batches that the players drew, every field [K, ...]: views, until the next call."""
        self._index.copy_(torch.from_numpy(self._desk.index))
        self._valid.copy_(torch.from_numpy(self._desk.valid))
        index = (self._index + self._offset).view(-1)
        torch.index_select(self._flat, 0, index, out=self._drawn.view(-1, self._flat.shape[1]))
        length, first = self._index.shape[1] - 1, self._observation
        stride, used = (length, 1) if self._endpoints else (1, length)
        return Batch(
            self._drawn[:, ::stride, :, :first],
            self._drawn[:, :used, :, first : first + self._action],
            self._drawn[:, :-1, :, -3],
            self._drawn[:, :used, :, -2],
            self._drawn[:, :-1, :, -1],
            self._valid,
        )

    # --- checkpoints ------------------------------------------------------------------------
    def rows(self, run: int, used: int) -> Float[Tensor, "C W"]:
        """The first `used` rows of a run, in the processor's memory, where they may lie already."""
        return torch.from_numpy(self._rows[run, :used].cpu().numpy())  # a storage of these alone

    def restore(self, run: int, rows: Float[Tensor, "C W"]) -> None:
        """Put back what `rows` gave."""
        self._rows[run, : len(rows)] = rows.to(self._device)
