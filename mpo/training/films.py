"""Films of a run's final policy, rendered headless through EGL."""

import os
from pathlib import Path

os.environ["MUJOCO_GL"] = os.environ.get("MUJOCO_GL", "egl")  # before MuJoCo is imported

import numpy as np
from PIL import Image

from mpo.training.environment import Environment
from mpo.training.episodes import run_episode
from mpo.training.replaying import load_policy, load_settings
from mpo.training.seeds import Stream, seed_of

FRAMES_PER_SECOND = 20
PACKAGES = "libegl1 and libgl1-mesa-dri"


class NoOpenGL(ValueError):
    """Nothing can be rendered on this machine; the message names the packages to install."""


def render(
    directory: Path,
    film: Path,
    seed: int,
    width: int,
    seconds: float,
    rate: float = FRAMES_PER_SECOND,
) -> int:
    """Write a GIF of one episode by the mean action; the number of its frames.

    The film shows the first `seconds` of the episode at the simulator's own speed, about `rate`
    frames a second. Raises NoOpenGL where there is no headless OpenGL, ValueError for a policy
    that does not fit its settings.
    """
    chosen = load_settings(directory)
    environment = Environment.of(chosen, render=True)
    actor = load_policy(directory, environment, chosen)
    decision_s = environment.decision_seconds
    every = max(1, round(1.0 / (rate * decision_s)))
    most = round(seconds * rate)
    frames: list[Image.Image] = []
    decisions = 0

    def watch() -> None:
        nonlocal decisions
        if decisions % every == 0 and len(frames) < most:
            frames.append(_scaled(environment.render(), width, frames[:1]))
        decisions += 1

    try:
        run_episode(environment, actor, seed_of(seed, 0, Stream.FILM), chosen.discount, watch=watch)
    except (ImportError, AttributeError, RuntimeError) as error:
        raise NoOpenGL(
            f"rendering needs headless OpenGL (Debian packages {PACKAGES}): {error}"
        ) from None
    environment.close()
    film.parent.mkdir(parents=True, exist_ok=True)
    duration = round(1000 * every * decision_s)
    frames[0].save(
        film, save_all=True, append_images=frames[1:], duration=duration, loop=0, optimize=True
    )
    return len(frames)


def _scaled(pixels: np.ndarray, width: int, first: list[Image.Image]) -> Image.Image:
    """A frame in the colours of the first, undithered: what does not move costs nothing."""
    image = Image.fromarray(pixels)
    height = round(width * image.height / image.width)
    small = image.resize((width, height), Image.Resampling.LANCZOS)
    palette = first[0] if first else small.quantize(64)
    return small.quantize(palette=palette, dither=Image.Dither.NONE)
