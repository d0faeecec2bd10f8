"""Every random number of a run, derived from (study seed, task, seed) by stream and index.

`SeedSequence([study_seed, task, seed], spawn_key=(stream, index))` has no state, so that a resumed
run draws what an uninterrupted one would, and distinct runs never share a seed (seed + i would: a
vector environment seeds its i-th member with s + i). The task stands in it by its alias: so runs
on different tasks are independent, and the variants of one task and seed are **paired**: they
start from the same parameters and meet the same episodes, which statistics may use.
"""

import hashlib
from enum import IntEnum
from typing import NamedTuple

import numpy as np

DERIVATION = (
    "SeedSequence([study_seed, int.from_bytes(sha256(task.encode()).digest()[:8], 'big'), seed], "
    "spawn_key=(stream, index)).generate_state(1)"
)


class Stream(IntEnum):
    """What a seed is for; values are part of the format and never change."""

    INITIALISATION = 0
    EPISODE = 1
    BEHAVIOUR = 2
    REPLAY = 3
    NOISE = 4
    EVALUATION = 5
    RANDOM_POLICY = 6
    FILM = 7


class Seeds(NamedTuple):
    """What a run's random numbers derive from."""

    study_seed: int
    task: str
    """Alias of the task."""
    seed: int

    def of(self, stream: Stream, *index: int) -> int:
        """A seed below 2^32 for `stream`; `index` counts episodes where there are many."""
        task = int.from_bytes(hashlib.sha256(self.task.encode()).digest()[:8], "big")
        sequence = np.random.SeedSequence(
            [self.study_seed, task, self.seed], spawn_key=(int(stream), *(index or (0,)))
        )
        return int(sequence.generate_state(1)[0])

    def of_evaluation(self, point: int, episode: int) -> int:
        """The reset seed of an evaluation episode, fixed by evaluation point and episode."""
        return self.of(Stream.EVALUATION, point, episode)
