"""Runs trained again: what is a fault where bytes are promised, and where they are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mpo.__main__ import main
from mpo.commands.verifying.again import Again, together
from tests.evaluation.synthetic import write_study

RUN = Path("results/some/runs/task/variant/0")


def again(returns=(500.0, 500.0), other=(), unlike="") -> Again:
    return Again(RUN, other, unlike, returns)


def test_on_the_same_machine_bytes_are_held(capsys: pytest.CaptureFixture[str]) -> None:
    (fault,) = together([again(), again(other=("training.csv",)), again()])
    assert fault == f"{RUN}/training.csv: another one came out (on the same machine and versions)"
    assert capsys.readouterr().out == "2 of 3 runs are equal by byte\n"


@pytest.mark.parametrize(("shift", "faults"), [(0.0, 0), (0.3, 1), (-0.3, 1)])
def test_on_another_machine_the_mean_return_is_held(
    shift: float, faults: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten runs whose returns differ by 10 %, one way or the other, and then all by 30 % more."""
    there = np.full(10, 500.0)
    here = there * (1 + shift + 0.1 * np.tile([1, -1], 5))
    pairs = zip(there, here, strict=True)
    found = [again(pair, ("evaluations.csv",), "cpu a then, b now") for pair in pairs]
    said = list(together(found))
    assert len(said) == faults
    assert "10 runs on another machine or versions: now less then" in capsys.readouterr().out


def test_a_run_that_ended_otherwise_is_a_fault_and_hides_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Three runs that lost most of their return, and one that diverged before any evaluation."""
    lost = [again((500.0, 50.0 + k), unlike="cpu a then, b now") for k in range(3)]
    gone = Again(RUN, (), "cpu a then, b now", (500.0, float("nan")), ("completed", "diverged"))
    first, second = together([*lost, gone])
    assert first == f"{RUN}: diverged now, completed then (cpu a then, b now)"
    assert second.startswith("3 runs on another machine end elsewhere")
    assert "nan" not in capsys.readouterr().out


def test_one_run_alone_on_another_machine_is_held_to_bytes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = again((900.0, 100.0), ("evaluations.csv",), "cpu a then, b now")
    assert list(together([again(), gone])) == [
        f"{RUN}/evaluations.csv: another one came out (cpu a then, b now)"
    ]
    assert f"{RUN}: one run alone on another machine" in capsys.readouterr().out
    assert list(together([again(), again(unlike="cpu a then, b now")])) == []


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ([0], "1 run is whole, and the one that the manifest asks for\n"),
        ([0, 1], "2 runs are whole, and those that the manifest asks for\n"),
    ],
)
def test_one_run_is_told_as_one(
    tmp_path: Path,
    seeds: list[int],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("mpo.commands.verification._recomputed", lambda study_dir: ())
    folder = write_study(tmp_path / "made", ["cartpole-balance"], ["paper"], seeds, points=3)
    assert main(["verify", str(folder), "--no-rerun"]) == 0
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--runs", "3", "--no-rerun"], "--no-rerun: is not allowed together with --runs"),
        (["--runs", "3", "--same-as", "HEAD"], "--same-as: trains other runs than"),
        (["--runs", "1000"], "--runs: 1000 is not allowed; MPO trained 6 of its runs"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks, variants = ["cartpole-balance"], ["paper", "stable_dual"]
    folder = write_study(tmp_path / "made", tasks, variants, points=3)
    assert main(["verify", str(folder), *arguments]) == 2
    assert said in capsys.readouterr().err
