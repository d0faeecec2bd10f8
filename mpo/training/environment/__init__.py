"""Environments behind one small interface: flat float32 observations, actions in [-1, 1].

Any Gymnasium environment will do whose actions are one Box with finite bounds and whose
observations `gymnasium.spaces.flatten` makes an array, or it is refused in one line when it is
opened. dm_control's suite comes through Shimmy's ids.

| module | what it holds |
|---|---|
| `adapter` | `Environment`: decisions, their repeats, their episode's end |
| `registration` | Shimmy, whose import registers dm_control's tasks |
| `opening` | from an id to a Gymnasium environment; whether a clock ends its episodes |
| `actions`, `observations` | what spaces are accepted, and how values pass between them and us |
| `simulators`, `dm_control` | one control step, by Gymnasium's API or on dm_control itself |
| `checking` | what is tried before a run starts |
| `faults` | an outcome (`Diverged`) and a fault of the environment (`EnvironmentFault`) |

A policy only ever gives finite actions, which are clipped to the space's own bounds. What breaks
under those is the environment's fault, an error that names environment, episode and step: an
exception, a reward or observation that is not finite or not the space's. The one exception is
`PhysicsError`, dm_control's own verdict that actions drove the simulated physics apart: there the
run diverged, which is an outcome, since an error would leave studies unfinished by a variant that
does that, and tempt to drop the seed. Where no policy has learnt yet it is a fault as well: at a
reset, and when the environment is checked.
"""

import os

os.environ.setdefault("MUJOCO_GL", "disabled")  # before MuJoCo is imported; rendering sets it

from mpo.training.environment.adapter import Environment, Step
from mpo.training.environment.checking import require_contract
from mpo.training.environment.faults import Diverged, EnvironmentFault

__all__ = ["Diverged", "Environment", "EnvironmentFault", "Step", "require_contract"]
