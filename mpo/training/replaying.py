"""Playing the final policy of a finished run again, and the random policy of a task.

A run directory is data: its policy is read by safetensors and its settings as JSON, so that
nothing in it can execute.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tqdm import tqdm

from mpo import rundir
from mpo.settings import Settings, settings
from mpo.training.actor import Actor, UniformActor
from mpo.training.environment import Diverged, Environment, require_contract
from mpo.training.episodes import run_episode
from mpo.training.seeds import Seeds, Stream


class NotPlayable(ValueError):
    """A policy whose episodes do not stay finite; the message says whether its run diverged."""


@contextmanager
def playing(directory: Path) -> Iterator[None]:
    """Episodes of the run in `directory`; raises `NotPlayable` where they do not stay finite."""
    try:
        yield
    except Diverged as error:
        divergence = json.loads((directory / rundir.RUN).read_text()).get("divergence")
        how = (
            f"; the run diverged at step {divergence['step']:,} ({divergence['what']} in "
            f"{divergence['where']})"
            if divergence
            else ""
        )
        raise NotPlayable(f"the final policy cannot be played: {error}{how}") from None


def load_policy(directory: Path, environment: Environment, chosen: Settings) -> Actor:
    """The final policy of a run. Raises ValueError where the file does not fit the settings."""
    protocol = chosen.option("protocol")
    networks = protocol.Networks(chosen, environment.observation_size, environment.action_size)
    file = directory / rundir.POLICY
    try:
        tensors = load_file(file)
    except SafetensorError as error:
        raise ValueError(f"{file}: not a safetensors file: {error}") from None
    pieces: list[np.ndarray] = []
    for name, shape in networks.policy_shapes().items():
        if name not in tensors or tensors[name].shape != shape:
            raise ValueError(f"{file}: {name} of shape {shape} is missing; its settings need it")
        pieces.append(tensors[name].reshape(-1))
    return protocol.Actor(networks, np.concatenate(pieces))


def load_run(directory: Path) -> tuple[Settings, str]:
    """Settings and task of a run's run.json. Raises ValueError or OSError where it is not one."""
    file = directory / rundir.RUN
    try:
        run = json.loads(file.read_text())
        values, task = run["settings"], run["task"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{file}: not a run's description") from None
    return settings(values), task


def returns(directory: Path, count: int, seed: int) -> pd.DataFrame:
    """Episodes of a run's final policy: one row each, and their mean in the last.

    Raises `NotPlayable` for the policy of a run that diverged, ValueError for files that are none.
    """
    chosen, task = load_run(directory)
    environment = Environment.of(chosen)
    actor = load_policy(directory, environment, chosen)
    rows = []
    for index in range(count):
        start = Seeds(seed, task, 0).of_evaluation(0, index)
        with playing(directory):
            episode = run_episode(environment, actor, start, chosen.discount)
        rows.append({"episode": str(index), "return": episode.return_, "length": episode.length})
    environment.close()
    table = pd.DataFrame(rows)
    numbers = table[["return", "length"]]
    mean = {"episode": "mean", **numbers.mean().to_dict()}
    return pd.concat([table, pd.DataFrame([mean])], ignore_index=True)


def random_returns(tasks: Mapping[str, Settings], count: int, seed: int) -> pd.DataFrame:
    """Mean return of uniformly random actions by task: the content of random_scores.csv.

    `tasks` gives the settings of each one's runs. Raises EnvironmentFault, a ValueError.
    """
    rows = []
    for alias, chosen in tqdm(tasks.items(), unit=" tasks", disable=len(tasks) < 2):
        require_contract(chosen)
        environment = Environment.of(chosen)
        seeds = Seeds(seed, alias, 0)
        generator = np.random.default_rng(seeds.of(Stream.RANDOM_POLICY))
        actor = UniformActor(environment.action_size, generator)
        total = sum(
            run_episode(environment, actor, seeds.of_evaluation(0, index), 1.0).return_
            for index in range(count)
        )
        environment.close()
        rows.append({"task": alias, "return_mean": total / count, "episodes": count})
    return pd.DataFrame(rows)
