"""Shimmy, whose import registers dm_control's tasks, without its line about those of locomotion.

Where labmaze is missing, it prints on standard output that they cannot be registered. labmaze has
no wheel for Python 3.13 and later, and nothing else needs it.
"""

import contextlib
import importlib.util
import io

with contextlib.redirect_stdout(io.StringIO()):
    from shimmy import DmControlCompatibilityV0

__all__ = ["DmControlCompatibilityV0", "lacking"]

LOCOMOTION = ("Cmu", "Rodent")
"""How the names of dm_control's locomotion tasks begin."""


def lacking(namespace: str | None, name: str) -> str:
    """The package without which the task was not registered, "" where there is none."""
    is_maze = namespace == "dm_control" and name.startswith(LOCOMOTION)
    return "labmaze" if is_maze and not importlib.util.find_spec("labmaze") else ""
