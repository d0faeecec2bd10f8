"""What can go wrong with an environment: the run diverges, or the environment is at fault."""

import traceback
from pathlib import Path

OPENGL = "MUJOCO_GL=egl with Debian's libegl1 and libgl1-mesa-dri"


class Diverged(Exception):
    """A quantity stopped being finite: `what`, and `where` it was noticed. An outcome of a run."""

    def __init__(self, what: str, where: str) -> None:
        self.what, self.where = what, where
        super().__init__(f"{what} is not finite ({where})")


class EnvironmentFault(ValueError):
    """The environment cannot be opened or broke its contract: an error, never a run's outcome.

    One line, which names the environment and, of an episode, its seed and its control step.
    """

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"environment: {name!r} {what}")


class Breach(Exception):
    """What of the contract was broken, before it is known in which environment and episode."""


def told(error: Exception) -> str:
    """An exception of foreign code in one line, with the place that raised it."""
    text = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, Breach):
        return text
    file, line, _, _ = traceback.extract_tb(error.__traceback__)[-1]
    place = "" if "gymnasium" in Path(file).parts else f" ({Path(file).name}, line {line})"
    hint = f"; {OPENGL} mends it" if "OpenGL" in text else ""
    return f"{type(error).__name__}: {text}{place}{hint}"
