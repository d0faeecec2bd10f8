"""Films of a final policy, where this machine can render without a screen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from mpo.settings import settings
from mpo.training import run
from tests.runs import TINY, job

ROOT = Path(__file__).parents[2]


def test_a_film_is_as_long_and_wide_as_asked(tmp_path: Path) -> None:
    fields = {**TINY, "environment": "dm_control/cartpole-balance-v0", "evaluation_points": 1}
    chosen = settings({**fields, "steps": 24, "evaluation_final_episodes": 1})
    done = job(tmp_path, chosen)
    assert run.train(done, bar=False) == "completed"
    film = tmp_path / "film.gif"
    command = [sys.executable, "-m", "mpo", "render", str(done.out), str(film)]
    options = ["--width", "64", "--seconds", "0.5"]
    environment = {key: value for key, value in os.environ.items() if key != "MUJOCO_GL"}
    made = subprocess.run(  # in which training's own choice, no rendering, is not inherited
        [*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if made.returncode == 2 and "headless OpenGL" in made.stderr:
        assert "libegl1" in made.stderr
        pytest.skip("no headless OpenGL on this machine")
    assert made.returncode == 0, made.stderr
    with Image.open(film) as image:
        assert image.n_frames == 10  # type: ignore[attr-defined]
        assert image.width == 64
