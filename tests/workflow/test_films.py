"""The script that films a study: whatever a film meets, the section says it and the rest comes."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mpo.evaluation.reading.load import load
from mpo.evaluation.showing.failures import count, standing
from mpo.evaluation.stages import write_estimates, write_runs
from mpo.rundir import POLICY
from mpo.study.published import load_published
from mpo.study.yaml_files import PROJECT
from mpo.training import films
from mpo.training.films import CannotRender, NoPictures
from mpo.training.replaying import NotPlayable
from tests.evaluation.synthetic import write_study

SCRIPT = PROJECT / "workflow/scripts/films.py"
Play = Callable[[Path], None]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two variants on two tasks."""
    folder = tmp_path_factory.mktemp("films") / "made"
    write_study(folder, ["cartpole-balance", "hopper-stand"], ["paper", "stable_dual"], [0], 2)
    for run in folder.glob("runs/*/*/*"):
        (run / POLICY).touch()
    write_runs(load(folder), load_published(), folder)
    write_estimates(folder)
    return folder


@pytest.fixture
def section(study: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Films the study, each run as told by a function of its folder; the section."""

    def film(play: Play | None, *arguments: str) -> str:
        def render(run: Path, film: Path, *_: object) -> int:
            assert play is not None
            play(run)
            film.parent.mkdir(parents=True, exist_ok=True)
            film.write_bytes(b"GIF89a")
            return 1

        monkeypatch.setattr(films, "render", render)
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(study), *arguments])
        runpy.run_path(str(SCRIPT), run_name="__main__")
        return (study / "films.md").read_text()

    return film


def only(name: str, error: Exception) -> Play:
    """`error` where a run's folder has `name` in it."""

    def play(run: Path) -> None:
        if name in run.parts:
            raise error

    return play


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotPlayable("the final policy cannot be played"), "the final policy cannot be played"),
        (NoPictures("Odd-v0 has no render mode"), "Odd-v0 has no render mode"),
    ],
)
def test_what_no_try_would_mend_has_its_line_and_is_not_tried_again(section, study, error, said):
    before = count("films", study)
    text = section(only("paper", error))
    assert text.count("![") == 2
    (line,) = (line for line in text.splitlines() if line.startswith("No film"))
    which = "`paper` on cartpole-balance (seed 0), `paper` on hopper-stand (seed 0)"
    assert line == f"No film of {which}: {said}."
    assert count("films", study) == before
    assert standing(study) == []


def test_a_policy_that_was_not_shipped_is_no_fault(section, study):
    lacking = study / "runs/hopper-stand/paper/0" / POLICY
    lacking.unlink()
    text = section(lambda run: None)
    lacking.touch()
    said = "no policy lies beside the run, as none is shipped"
    assert f"No film of `paper` on hopper-stand (seed 0): {said}." in text
    assert text.count("![") == 3
    assert standing(study) == []


@pytest.mark.parametrize(
    "error",
    [
        CannotRender("drawing Odd-v0 needs a package: run `pip install pygame`"),
        RuntimeError("the simulator broke"),
        FileNotFoundError(2, "No such file", "policy.safetensors"),
        ImportError("No module named 'mujoco'"),
    ],
)
def test_anything_else_has_its_line_and_is_tried_again(section, study, capsys, error):
    before = count("films", study)
    text = section(only("hopper-stand", error))
    assert text.count("![") == 2
    (line,) = (line for line in text.splitlines() if line.startswith("No film"))
    assert type(error).__name__ in line and line.count("hopper-stand") == 2
    assert count("films", study) == before + 1
    (sentence,) = standing(study)
    assert sentence.startswith("The section `films` could not be made whole: ")
    assert capsys.readouterr().out == f"mpo: {sentence}\n"
    section(lambda run: None)
    assert count("films", study) == before + 1
    assert standing(study) == []


def test_where_rendering_cannot_even_be_imported_the_section_says_so(section, study, monkeypatch):
    monkeypatch.setitem(sys.modules, "mpo.training.films", None)
    text = section(None)
    assert "![" not in text
    assert text.startswith("No film of any run: `ModuleNotFoundError: ")
    assert (study / "films").is_dir()


def test_a_driver_that_takes_the_process_down_is_named(section, study):
    text = section(None, "--ended", "139")
    assert text.startswith("The section `films` could not be made: ")
    assert "rendering ended the process by SIGSEGV" in text
    assert "![" not in text


@pytest.mark.parametrize("status", [1, 130, 143])
def test_an_error_of_its_own_or_a_request_to_stop_is_handed_on(section, study, status: int):
    before = (study / "films.md").read_bytes() if (study / "films.md").exists() else None
    with pytest.raises(SystemExit) as stopped:
        section(None, "--ended", str(status))
    assert stopped.value.code == status
    assert before is None or (study / "films.md").read_bytes() == before
