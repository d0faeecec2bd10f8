"""How fast policy iteration converges with each backup, on many random processes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Float

from mpo.theory.mdp import MDP, garnet_mdps
from mpo.theory.policy_iteration import EXACT, Schedule, suboptimality

COUNT, STATES, ACTIONS, DISCOUNT, SUCCESSORS, DENSITY = 100, 20, 4, 0.95, 2, 0.1
ITERATIONS = 14
SWEEPS = {"1": 1, "10": 10, "settled": EXACT}
"""Sweeps of the backup an iteration: one as in training, ten as with a critic's target refreshed
ten times as often as the policy's, and as many as Q needs to settle."""
BACKUPS = ("policy", "improved", "soft")
REACHED = 0.01
"""Relative suboptimality that counts as reached."""
BAND = (0.1, 0.9)


def processes(seed: int = 4) -> MDP:
    """The random processes, the same for every backup."""
    rng = np.random.default_rng(seed)
    return garnet_mdps(rng, COUNT, STATES, ACTIONS, DISCOUNT, SUCCESSORS, DENSITY)


def runs() -> dict[tuple[str, str], Float[np.ndarray, "iterations+1 M"]]:
    """Suboptimality by iteration of every process, for each kind of sweeps and backup."""
    mdp = processes()
    return {
        (sweeps, backup): suboptimality(mdp, Schedule(backup, number, ITERATIONS))
        for sweeps, number in SWEEPS.items()
        for backup in BACKUPS
    }


def curves(found: dict[tuple[str, str], Float[np.ndarray, "iterations+1 M"]]) -> pd.DataFrame:
    """Median and 10 to 90 % band over processes: sweeps, backup, iteration, value, low, high."""
    frames = []
    for (sweeps, backup), gaps in found.items():
        low, high = np.quantile(gaps, BAND, axis=1)
        frames.append(
            pd.DataFrame(
                {
                    "sweeps": sweeps,
                    "backup": backup,
                    "iteration": np.arange(len(gaps)),
                    "value": np.median(gaps, axis=1),
                    "low": low,
                    "high": high,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def summary(found: dict[tuple[str, str], Float[np.ndarray, "iterations+1 M"]]) -> pd.DataFrame:
    """Iterations until 1 % is left, and processes in which a backup beats `policy` there.

    `iterations` is the mean over processes, each interpolated in log suboptimality between the
    iterations on either side, with its standard error; `ahead` and `behind` count processes that
    get there earlier, or later, than `policy` on the same process.
    """
    rows = []
    for (sweeps, backup), gaps in found.items():
        mine, base = crossings(gaps), crossings(found[sweeps, "policy"])
        rows.append(
            {
                "sweeps": sweeps,
                "backup": backup,
                "processes": len(mine),
                "reached": int(np.isfinite(mine).sum()),
                "iterations": np.mean(mine),
                "standard_error": np.std(mine, ddof=1) / np.sqrt(len(mine)),
                "ahead": int((mine < base - 1e-6).sum()),
                "behind": int((mine > base + 1e-6).sum()),
            }
        )
    return pd.DataFrame(rows)


def crossings(gaps: Float[np.ndarray, "K M"]) -> Float[np.ndarray, " M"]:
    """The iteration, interpolated, at which each process first has at most 1 % left; else inf."""
    below = gaps <= REACHED
    after = np.maximum(below.argmax(0), 1)
    columns = np.arange(gaps.shape[1])
    above, under = np.log(gaps[after - 1, columns]), np.log(gaps[after, columns])
    share = (above - np.log(REACHED)) / (above - under)
    return np.where(below.any(0), after - 1 + share, np.inf)
