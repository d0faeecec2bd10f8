"""SAC, TD3 or PPO of Stable-Baselines3, trained and evaluated as the variants of MPO are.

The variant's own settings are `algorithm`, SAC, TD3 or PPO, and keyword arguments of its class.
`make baselines` installs what it needs.
"""

import math
import sys
from typing import Any

import stable_baselines3
import torch
from stable_baselines3.common.callbacks import BaseCallback

from mpo.rundir import Divergence, ForeignRun, foreign_run
from mpo.training.foreign import ForeignTask

ALGORITHMS = ("SAC", "TD3", "PPO")
PACKAGES = ("stable-baselines3", "torch", "numpy", "gymnasium", "mujoco", "dm-control")
LOSSES = {
    "loss_critic": ("train/critic_loss", "train/value_loss"),
    "loss_policy": ("train/actor_loss", "train/policy_gradient_loss"),
}
"""Columns of training.csv, and what the library calls them."""
REFUSED = "Expected parameter"
"""How PyTorch begins to say of a distribution that its mean is NaN, or its deviation 0."""


class Evaluation(BaseCallback):
    """Evaluates the mean action at every step where that is due; ends training at the budget."""

    def __init__(self, run: ForeignRun, task: ForeignTask) -> None:
        super().__init__()
        self._run, self._task, self._updates = run, task, 0

    def _on_step(self) -> bool:
        evaluated = self._task.evaluate(lambda o: self.model.predict(o, deterministic=True)[0])
        updates = int(getattr(self.model, "_n_updates", 0))
        if evaluated and updates > self._updates:
            said = self.model.logger.name_to_value
            losses = {
                column: next((said[name] for name in names if name in said), math.nan)
                for column, names in LOSSES.items()
            }
            self._run.trained(self._task.steps, updates, **losses)
            self._updates = updates
        return not self._task.finished


def main() -> None:
    with foreign_run(sys.argv[1], PACKAGES) as run:
        task = ForeignTask(run)
        torch.set_num_threads(task.settings.threads)
        own: dict[str, Any] = {"algorithm": "SAC", **run.asked.own}
        if (name := own.pop("algorithm")) not in ALGORITHMS:
            raise ValueError(f"algorithm: {name!r} is not allowed; {', '.join(ALGORITHMS)} are")
        kind = getattr(stable_baselines3, name)
        model = kind("MlpPolicy", task, seed=task.initial_seed, device="cpu", **own)
        try:
            model.learn(run.asked.steps, callback=Evaluation(run, task))
        except ValueError as error:
            if not str(error).startswith(REFUSED):
                raise
            raise Divergence("policy's distribution", f"by control step {task.steps}") from error


if __name__ == "__main__":
    main()
