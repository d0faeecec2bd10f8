"""A process that plays some runs of a cohort, over memory that it shares with the learner.

It is asked by single bytes and answers with nothing where nothing is to be told, so that a round
costs neither side any packing. Where the process that asks is gone, it ends.
"""

from __future__ import annotations

import pickle
import signal
import time
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mpo.settings import settings
from mpo.training.cohort.desk import Desk, Sizes
from mpo.training.cohort.player import Player
from mpo.training.environment import EnvironmentFault
from mpo.training.seeds import Seeds

PLAY, SAVE, RESTORE = b"p", b"s", b"r"
"""What may be asked; after `RESTORE` follow the states."""


class Fault(NamedTuple):
    """What a worker raised, in words: exceptions of foreign code need not be packable."""

    of_environment: bool
    text: str


class Task(NamedTuple):
    """What a worker is to play."""

    changes: dict[str, Any]
    """The settings that are not defaults."""
    seeds: Sequence[Seeds]
    runs: Sequence[int]
    """The places of its runs, one for each of `seeds`."""
    number: int
    """Its own, among the workers."""


def serve(connection: Connection, sizes: Sizes, block: Tensor, task: Task) -> None:
    """Play as asked until the other side is gone."""
    for number in (signal.SIGTERM, signal.SIGINT):  # whoever asks answers them
        signal.signal(number, signal.SIG_IGN)
    torch.set_num_threads(1)
    desk = Desk(sizes, block)
    players: dict[int, Player] = {}
    try:
        while True:
            request = connection.recv_bytes()
            try:
                if not players:
                    players = _players(desk, task)
                answer = _answer(request, players)
            except Exception as error:
                told = str(error) if isinstance(error, EnvironmentFault) else traceback.format_exc()
                answer = pickle.dumps(Fault(isinstance(error, EnvironmentFault), told))
            desk.cpu_s[task.number] = time.process_time()
            connection.send_bytes(answer)
    except (EOFError, OSError):
        pass
    finally:
        for player in players.values():
            player.close()


def _players(desk: Desk, task: Task) -> dict[int, Player]:
    chosen = settings(task.changes)
    pairs = zip(task.runs, task.seeds, strict=True)
    return {run: Player(chosen, seeds, desk, run) for run, seeds in pairs}


def _answer(request: bytes, players: dict[int, Player]) -> bytes:
    what, content = request[:1], request[1:]
    if what == SAVE:
        return pickle.dumps({run: player.state() for run, player in players.items()})
    if what == RESTORE:
        for run, state in pickle.loads(content).items():
            players[run].restore(state)
        return b""
    for player in players.values():
        player.play()
    told = {run: each for run, player in players.items() if (each := player.take_told())}
    return pickle.dumps(told) if told else b""
