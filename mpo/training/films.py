"""Films of a run's final policy, rendered headless through EGL."""

import os
from pathlib import Path

os.environ["MUJOCO_GL"] = os.environ.get("MUJOCO_GL", "egl")  # before MuJoCo is imported

import gymnasium
import numpy as np
from gymnasium.envs.registration import load_env_creator
from PIL import Image

from mpo.settings import Settings
from mpo.training.environment import Environment, EnvironmentFault
from mpo.training.episodes import run_episode
from mpo.training.replaying import load_policy, load_run, playing
from mpo.training.seeds import Seeds, Stream

FRAMES_PER_SECOND = 20
PACKAGES = "libegl1 and libgl1-mesa-dri"


class NoPictures(ValueError):
    """The environment draws no pictures; no machine can film it."""


class CannotRender(ValueError):
    """This machine lacks what drawing needs; the message names what to install."""


def render(
    directory: Path,
    film: Path,
    seed: int,
    width: int,
    seconds: float,
    rate: float = FRAMES_PER_SECOND,
) -> int:
    """Write a GIF of one episode by the mean action; the number of its frames.

    The film shows the first `seconds` of the episode, about `rate` frames a second, at the
    simulator's own speed as far as a GIF, which counts in hundredths of a second, can. Raises
    `NoPictures`, `CannotRender`, or `NotPlayable` for a policy that diverged, and ValueError for
    one that does not fit its settings.
    """
    chosen, task = load_run(directory)
    environment = _opened(chosen)
    try:
        actor = load_policy(directory, environment, chosen)
        decision_s = _decision_seconds(environment, chosen)
        every, duration_ms = _pace(decision_s, rate)
        most = max(1, int(1000 * seconds / duration_ms))
        frames: list[Image.Image] = []
        decisions = 0

        def watch() -> None:
            nonlocal decisions
            if decisions % every == 0 and len(frames) < most:
                pixels = _picture(environment, chosen.environment)
                frames.append(_scaled(pixels, width, frames[:1]))
            decisions += 1

        start = Seeds(seed, task, 0).of(Stream.FILM)
        with playing(directory):
            run_episode(environment, actor, start, chosen.discount, watch=watch)
    finally:
        environment.close()
    film.parent.mkdir(parents=True, exist_ok=True)
    frames[0].save(
        film, save_all=True, append_images=frames[1:], duration=duration_ms, loop=0, optimize=True
    )
    return len(frames)


def _pace(decision_s: float, rate: float) -> tuple[int, int]:
    """Every how many decisions there is a frame, and the milliseconds that a GIF shows it for."""
    every = max(1, round(1.0 / (rate * decision_s)))
    return every, 10 * max(1, round(100 * every * decision_s))


def _opened(chosen: Settings) -> Environment:
    try:
        return Environment.of(chosen, render=True)
    except EnvironmentFault as fault:
        if "render_mode" in str(fault.__cause__):
            raise NoPictures(f"{chosen.environment} has no render mode") from None
        raise


def _decision_seconds(environment: Environment, chosen: Settings) -> float:
    """Seconds that a decision lasts: the simulator's, else by the rate at which it is to be shown.

    Where an environment tells neither, a decision is shown for one frame of `FRAMES_PER_SECOND`.
    """
    try:
        return environment.decision_seconds
    except AttributeError:
        _, _, name = chosen.environment.rpartition(":")  # past the module that registers it
        creator = gymnasium.spec(name).entry_point
        if isinstance(creator, str):
            creator = load_env_creator(creator)
        rate = getattr(creator, "metadata", {}).get("render_fps") or FRAMES_PER_SECOND
        return chosen.action_repeat / rate


def _picture(environment: Environment, name: str) -> np.ndarray:
    try:
        return environment.render()
    except (NotImplementedError, AssertionError):
        raise NoPictures(f"{name} has no render mode rgb_array") from None
    except gymnasium.error.DependencyNotInstalled as error:
        raise CannotRender(f"drawing {name} needs a package: {error}") from None
    except (ImportError, AttributeError, RuntimeError) as error:
        raise CannotRender(
            f"drawing {name} failed, and MuJoCo needs headless OpenGL for it (Debian packages "
            f"{PACKAGES}): {error}"
        ) from None


def _scaled(pixels: np.ndarray, width: int, first: list[Image.Image]) -> Image.Image:
    """A frame in the colours of the first, undithered: what does not move costs nothing."""
    image = Image.fromarray(pixels)
    height = round(width * image.height / image.width)
    small = image.resize((width, height), Image.Resampling.LANCZOS)
    palette = first[0] if first else small.quantize(64)
    return small.quantize(palette=palette, dither=Image.Dither.NONE)
