"""The players of a cohort: in this process, or in workers of which each has some of the runs."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, Protocol

import torch.multiprocessing as processes

from mpo.settings import Settings
from mpo.training.cohort.desk import Desk, Sizes
from mpo.training.cohort.player import Player, Told
from mpo.training.cohort.worker import PLAY, RESTORE, SAVE, Fault, Task, serve
from mpo.training.environment import EnvironmentFault
from mpo.training.seeds import Seeds

PATIENCE_S = 10.0
"""For a worker to end by itself."""


class WorkerFault(RuntimeError):
    """A worker that died, or raised what no environment is at fault for."""


class Crew(Protocol):
    """Whoever plays the runs."""

    desk: Desk

    def play(self) -> Mapping[int, Told]:
        """Play every run on as far as it goes; what happened, of those of which something did."""
        ...

    def states(self) -> Mapping[int, dict[str, Any]]: ...
    def restore(self, states: Mapping[int, dict[str, Any]]) -> None: ...
    def close(self) -> None: ...


def crew(settings: Settings, seeds: Sequence[Seeds], sizes: Sizes) -> Crew:
    """The players of runs with these seeds: here where `sizes` has one worker."""
    return Here(settings, seeds, sizes) if sizes.workers == 1 else Workers(settings, seeds, sizes)


class Here:
    """Players in this process, one after the other."""

    def __init__(self, settings: Settings, seeds: Sequence[Seeds], sizes: Sizes) -> None:
        """Make them. Raises `EnvironmentFault`."""
        self.desk = Desk(sizes)
        self._players = [Player(settings, each, self.desk, run) for run, each in enumerate(seeds)]

    def play(self) -> Mapping[int, Told]:
        """Play every run on. Raises `EnvironmentFault`."""
        for player in self._players:
            player.play()
        told = {run: player.take_told() for run, player in enumerate(self._players)}
        return {run: each for run, each in told.items() if each}

    def states(self) -> Mapping[int, dict[str, Any]]:
        """Of every run."""
        return {run: player.state() for run, player in enumerate(self._players)}

    def restore(self, states: Mapping[int, dict[str, Any]]) -> None:
        """Back to `states()`."""
        for run, state in states.items():
            self._players[run].restore(state)

    def close(self) -> None:
        """Free the simulators."""
        for player in self._players:
            player.close()


class Workers:
    """Players in processes of their own."""

    def __init__(self, settings: Settings, seeds: Sequence[Seeds], sizes: Sizes) -> None:
        """Start the processes; what is wrong with an environment shows when they play."""
        context = processes.get_context("spawn")
        block = Desk(sizes).block.share_memory_()
        self.desk = Desk(sizes, block)
        self._runs = [range(number, sizes.runs, sizes.workers) for number in range(sizes.workers)]
        self._connections: list[Connection] = []
        self._processes: list[Any] = []
        for number, runs in enumerate(self._runs):
            ours, theirs = context.Pipe()
            task = Task(settings.differences(), [seeds[run] for run in runs], runs, number)
            arguments = (theirs, sizes, block, task)
            process = context.Process(target=serve, args=arguments, daemon=True)
            process.start()
            theirs.close()  # so that the pipe ends with the process that has the other end
            self._connections.append(ours)
            self._processes.append(process)

    def play(self) -> Mapping[int, Told]:
        """Play every run on. Raises `EnvironmentFault` and `WorkerFault`."""
        told: dict[int, Told] = {}
        for answer in self._answers([PLAY] * len(self._connections)):
            told |= answer
        return told

    def states(self) -> Mapping[int, dict[str, Any]]:
        """Of every run."""
        found: dict[int, dict[str, Any]] = {}
        for answer in self._answers([SAVE] * len(self._connections)):
            found |= answer
        return found

    def restore(self, states: Mapping[int, dict[str, Any]]) -> None:
        """Back to `states()`."""
        shares = ({run: states[run] for run in runs} for runs in self._runs)
        self._answers([RESTORE + pickle.dumps(share) for share in shares])

    def _answers(self, requests: Sequence[bytes]) -> list[dict[int, Any]]:
        try:
            for connection, request in zip(self._connections, requests, strict=True):
                connection.send_bytes(request)
            answers = [connection.recv_bytes() for connection in self._connections]
        except (EOFError, OSError) as error:
            gone = [each.exitcode for each in self._processes if not each.is_alive()]
            raise WorkerFault(
                f"a worker that plays runs of the cohort is gone (exit status {gone or error}); "
                "the same command goes on from the last checkpoint"
            ) from None
        found = [pickle.loads(answer) if answer else {} for answer in answers]
        for fault in found:
            if isinstance(fault, Fault):
                raise _raised(fault)
        return found

    def close(self) -> None:
        """End the processes."""
        for connection in self._connections:
            connection.close()
        for process in self._processes:
            process.join(PATIENCE_S)
            if process.is_alive():
                process.kill()


def _raised(fault: Fault) -> Exception:
    if not fault.of_environment:
        return WorkerFault(fault.text)
    error = EnvironmentFault("", "")
    error.args = (fault.text,)
    return error
