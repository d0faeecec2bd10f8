"""Every random number of a run, derived from (study seed, seed) by stream and index.

`SeedSequence([study_seed, seed], spawn_key=(stream, index))` has no state, so that a resumed run
draws what an uninterrupted one would, and distinct runs never share a seed (seed + i would: a
vector environment seeds its i-th member with s + i).
"""

from enum import IntEnum

import numpy as np

DERIVATION = "SeedSequence([study_seed, seed], spawn_key=(stream, index)).generate_state(1)"


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


def seed_of(study_seed: int, seed: int, stream: Stream, index: int = 0) -> int:
    """A seed below 2^32 for `stream`; `index` counts episodes where there are many."""
    sequence = np.random.SeedSequence([study_seed, seed], spawn_key=(int(stream), index))
    return int(sequence.generate_state(1)[0])


def evaluation_seed(study_seed: int, seed: int, point: int, episode: int) -> int:
    """The reset seed of an evaluation episode, fixed by (seed, evaluation point, episode)."""
    keys = (int(Stream.EVALUATION), point, episode)
    sequence = np.random.SeedSequence([study_seed, seed], spawn_key=keys)
    return int(sequence.generate_state(1)[0])
