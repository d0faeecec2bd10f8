"""The beginnings of runs that other code than today's trained: one for each variant and task."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpo.commands import InputError
from mpo.evaluation.reading.manifest import Manifest
from mpo.rundir import RUN
from mpo.settings import Settings, settings
from mpo.settings.digests import code_digest
from mpo.settings.equality import equal_codes
from mpo.training.seeds import Seeds

LOWERED = {
    "evaluation_points": 4,
    "evaluation_episodes": 1,
    "evaluation_final_episodes": 2,
    "logging_updates": 100,
}
"""Settings that are lowered to these, so that little is trained and much of it can be compared."""
LOWERED_OF_ITERATIONS = {**LOWERED, "iteration_episodes": 5}
ITERATIONS = 3
PERIOD = 1000
"""Updates between two refreshes of P1's targets. After one, a fifth as many follow."""


@dataclass(frozen=True)
class Beginning:
    """A run of a variant on a task, and the settings by which it is begun anew."""

    run: dict[str, Any]
    """What the run's run.json says."""
    codes: set[str]
    """Digests of the code that trained it, and of all that are shown equal to that."""
    settings: Settings
    lowered: dict[str, int]
    """The settings that were lowered, steps apart."""

    @property
    def name(self) -> str:
        """Task and variant."""
        return f"{self.run['task']}/{self.run['variant']}"

    @property
    def settings_digest(self) -> str:
        """The digest of what is trained."""
        return self.settings.digest(*_derived_from(self.run))

    @property
    def code_digest(self) -> str:
        """The digest of today's code."""
        return code_digest(self.settings, cohort="cohort" in self.run)


def beginnings(study_dir: Path, manifest: Manifest, steps: int | None) -> Iterator[Beginning]:
    """Of each task and variant, a run of code that is not today's nor shown equal to it.

    Where several such codes trained its runs, one of each. Raises `InputError` for a `run.json`
    that cannot be read, or whose settings are other ones by now, and `SettingsError` for settings
    that are not allowed any more.
    """
    begun: list[tuple[str, str, set[str]]] = []
    for planned in manifest.runs:
        key, file = (planned.task, planned.variant), study_dir / planned.path / RUN
        if not manifest.variants[planned.variant].trained_here or not file.is_file():
            continue
        run, chosen = _described(file)
        codes = equal_codes(manifest.equalities, *key, run["code_digest"])
        today = code_digest(chosen, cohort="cohort" in run)
        if today not in codes and (*key, codes) not in begun:
            begun.append((*key, codes))
            yield Beginning(run, codes, *shortened(chosen, steps))


def _derived_from(run: dict[str, Any]) -> Seeds:
    """What the random numbers of a run.json derive from."""
    return Seeds(run["study_seed"], run["task"], run["seed"])


def _described(file: Path) -> tuple[dict[str, Any], Settings]:
    """A run.json and its settings."""
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
        chosen = settings(run["settings"])
        known = chosen.digest(*_derived_from(run)) == run["settings_digest"] and run["code_digest"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{file}: it describes no run ({error!r})") from None
    if not known:
        raise InputError(f"{file}: its settings have another digest by now; train it again")
    return run, chosen


def shortened(chosen: Settings, steps: int | None) -> tuple[Settings, dict[str, int]]:
    """`chosen` with `steps` control steps, or enough of them, and the settings lowered for it.

    Enough is until the targets were refreshed and learning went on with them, or some iterations.
    Raises `SettingsError` where so few steps leave nothing to evaluate.
    """
    iterations = chosen.protocol == "iterations"
    limits = LOWERED_OF_ITERATIONS if iterations else LOWERED
    lowered = {name: most for name, most in limits.items() if getattr(chosen, name) > most}
    wanted = steps or (_iterations if iterations else _refreshes)(chosen)
    whole = -(-wanted // chosen.action_repeat) * chosen.action_repeat
    return settings(chosen.differences() | lowered | {"steps": min(whole, chosen.steps)}), lowered


def _iterations(chosen: Settings) -> int:
    episodes = min(chosen.iteration_episodes, LOWERED_OF_ITERATIONS["iteration_episodes"])
    assert chosen.episode_steps  # which the protocol asks for
    return ITERATIONS * episodes * chosen.episode_steps


def _refreshes(chosen: Settings) -> int:
    period = max(PERIOD, chosen.policy_target_period, chosen.critic_target_period)
    updates = period + period // 5
    return chosen.minimum_replay * chosen.action_repeat + chosen.steps_per_update * updates
