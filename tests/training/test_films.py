"""Films of a final policy, where this machine can render without a screen."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from mpo.settings import settings
from mpo.training import films, run
from mpo.training.replaying import NotPlayable
from tests.environments import PREFIX
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
    with Image.open(film) as image:  # equal frames that follow each other are one, shown longer
        shown = [frame.info["duration"] for frame in ImageSequence.Iterator(image)]
        assert sum(shown) == 10 * 50
        assert image.width == 64


def trained(folder: Path, environment: str, **more: object) -> Path:
    """The folder of a run too short to learn."""
    done = job(folder, settings({**TINY, "environment": environment, **more}))
    run.train(done, bar=False)
    return done.out


@pytest.mark.parametrize("decision_s", [0.01, 0.02, 0.024, 0.03, 0.04, 0.05, 0.3])
def test_a_frame_lasts_whole_hundredths_and_a_film_no_longer_than_asked(decision_s: float) -> None:
    every, duration_ms = films._pace(decision_s, 20)
    assert duration_ms % 10 == 0
    assert duration_ms == pytest.approx(1000 * every * decision_s, abs=5)
    assert int(10_000 / duration_ms) * duration_ms <= 10_000


def test_an_environment_without_a_clock_is_shown_at_its_own_rate(tmp_path: Path) -> None:
    out = trained(tmp_path, PREFIX + "Drawn-v0")
    film = tmp_path / "film.gif"
    assert films.render(out, film, seed=0, width=40, seconds=1.0) == 5
    assert films.render(out, film, seed=0, width=40, seconds=9.0) == 11, "all of an episode's"
    with Image.open(film) as image:
        assert image.n_frames == 11  # type: ignore[attr-defined]
        assert image.info["duration"] == 200


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("LinearQuadratic-v0", "has no render mode rgb_array"),  # takes one and draws nothing
        ("Blind-v0", "has no render mode"),
    ],
)
def test_an_environment_without_pictures_is_refused(tmp_path: Path, name: str, said: str) -> None:
    out = trained(tmp_path, PREFIX + name)
    with pytest.raises(films.NoPictures, match=f"{name} {said}"):
        films.render(out, tmp_path / "film.gif", seed=0, width=40, seconds=1.0)
    assert not (tmp_path / "film.gif").exists()


def test_a_package_that_drawing_lacks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MountainCarContinuous tells no time either, and draws by pygame."""
    fields = {"steps": 200, "evaluation_points": 1, "evaluation_final_episodes": 1}
    out = trained(tmp_path, "MountainCarContinuous-v0", **fields)
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(films.CannotRender, match=r"MountainCarContinuous-v0 needs .*pip install"):
        films.render(out, tmp_path / "film.gif", seed=0, width=40, seconds=1.0)


def test_the_policy_of_a_run_that_diverged_is_named_as_such(tmp_path: Path) -> None:
    rates = {"policy_learning_rate": 1e18, "critic_learning_rate": 1e18}
    out = trained(tmp_path, PREFIX + "Drawn-v0", **rates)
    divergence = json.loads((out / "run.json").read_text())["divergence"]
    said = f"the run diverged at step {divergence['step']:,}"
    with pytest.raises(NotPlayable, match=said):
        films.render(out, tmp_path / "film.gif", seed=0, width=40, seconds=1.0)
