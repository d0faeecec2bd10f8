"""Sweeps of a backup at a fixed temperature: `soft` always settles, `improved` may cycle for ever.

Q ← r + γ E[V(s')] with V the backup of Q at fixed η and uniform π. With `soft` this is a
γ-contraction. With `improved` it is not: the weights depend on Q, as Asadi and Littman (2017,
"An Alternative Softmax Operator for Reinforcement Learning") found for the Boltzmann average.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from mpo.theory import enumerated
from mpo.theory.enumerated import Values
from mpo.theory.mdp import MDP, backed_up, random_mdps

COUNT, STATES, ACTIONS, DISCOUNT = 400, 2, 2, 0.99
CONCENTRATION = 0.3
"""Of the successors' Dirichlet: nearly deterministic transitions."""
TEMPERATURES = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
SHOWN = 0.3
"""The temperature whose cycles the figure shows."""
SHOWN_SWEEPS = 2000
FIRST, LAST = 3000, 10_000
"""Sweeps after which most processes have settled, and those that the rest get: γ^3000 = 8e-14."""
WATCHED = 1000
"""Sweeps in which the largest change is taken."""
SETTLED = 1e-6
"""A process whose Q still changes by more than this at the end does not settle."""


class Swept(NamedTuple):
    """The largest |change of Q| of each sweep, and the Q at the end."""

    change: Float[np.ndarray, "K M"]
    q: Values

    @property
    def moving(self) -> Bool[np.ndarray, " M"]:
        """Whether Q moved in the last sweeps."""
        return self.change[-WATCHED:].max(0) > SETTLED


def processes(seed: int = 5) -> MDP:
    """The 400 random processes, the same ones for every backup and temperature."""
    rng = np.random.default_rng(seed)
    return random_mdps(rng, COUNT, STATES, ACTIONS, DISCOUNT, CONCENTRATION)


def sweep(
    mdp: MDP, backup: str, temperature: Float[np.ndarray, " M"], sweeps: int, start: Values
) -> Swept:
    """Sweeps at a fixed temperature, which may differ between processes."""
    uniform = np.full_like(mdp.reward, 1.0 / mdp.reward.shape[-1])
    q, changes = start, []
    for _ in range(sweeps):
        new = backed_up(mdp, enumerated.value(backup, q, uniform, temperature))
        changes.append(np.abs(new - q).max((1, 2)))
        q = new
    return Swept(np.stack(changes), q)


def cycling(mdp: MDP, backup: str, temperature: Float[np.ndarray, " M"]) -> Bool[np.ndarray, " M"]:
    """Which processes never settle, from Q = 0: they still move after `FIRST` + `LAST` sweeps."""
    first = sweep(mdp, backup, temperature, FIRST, np.zeros_like(mdp.reward))
    found = first.moving
    if found.any():
        rest = np.flatnonzero(found)
        found[rest] = sweep(mdp[rest], backup, temperature[rest], LAST, first.q[rest]).moving
    return found


def found() -> dict[str, Bool[np.ndarray, "T M"]]:
    """For `improved` and `soft`: which processes never settle at each of `TEMPERATURES`."""
    mdp, times = processes(), len(TEMPERATURES)
    tiled = MDP(
        np.tile(mdp.transition, (times, 1, 1, 1)), np.tile(mdp.reward, (times, 1, 1)), DISCOUNT
    )
    temperature = np.repeat(TEMPERATURES, COUNT)
    return {
        backup: cycling(tiled, backup, temperature).reshape(times, COUNT)
        for backup in ("improved", "soft")
    }


def counts(cycles: dict[str, Bool[np.ndarray, "T M"]]) -> pd.DataFrame:
    """How many never settle: backup, temperature, discount, processes, cycling."""
    columns = {"temperature": TEMPERATURES, "discount": DISCOUNT, "processes": COUNT}
    frames = [
        pd.DataFrame({"backup": backup, **columns, "cycling": which.sum(1)})
        for backup, which in cycles.items()
    ]
    return pd.concat(frames, ignore_index=True)


def residuals(chosen: MDP, temperature: float = SHOWN, shown: int = 100) -> pd.DataFrame:
    """Change of Q by sweep over the chosen processes: backup, iteration, median, least, most."""
    numbers = np.unique(np.geomspace(1, SHOWN_SWEEPS, shown).astype(int))
    frames = []
    for backup in ("improved", "soft"):
        eta = np.full(len(chosen.reward), temperature)
        swept = sweep(chosen, backup, eta, SHOWN_SWEEPS, np.zeros_like(chosen.reward))
        change = swept.change[numbers - 1]
        summary = {"value": np.median(change, axis=1), "low": change.min(1), "high": change.max(1)}
        frames.append(pd.DataFrame({"backup": backup, "iteration": numbers, **summary}))
    return pd.concat(frames, ignore_index=True)
