"""A study in the formats of other tools, read back as those tools read it."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rliable import library, metrics

from mpo.__main__ import main
from mpo.evaluation.exporting import FORMATS
from mpo.evaluation.reading.load import Study, load
from mpo.evaluation.reading.scores import curves, scores

TASKS = ["cartpole-balance", "acrobot-swingup"]
LOST = ("acrobot-swingup", "paper", 1)


@pytest.fixture
def study(made: Callable[..., Path]) -> Study:
    """Two tasks, two variants, two seeds, three evaluations; one run diverged."""
    return load(made(tasks=TASKS, diverged={LOST: 1}))


def one(frame: pd.DataFrame, task: str, variant: str, seed: int) -> pd.DataFrame:
    mine = (frame["task"] == task) & (frame["variant"] == variant) & (frame["seed"] == seed)
    return frame[mine]


def test_marl_eval(study: Study, tmp_path: Path) -> None:
    """Environment, task, algorithm, run, step; as many returns at each step; absolute metrics."""
    FORMATS["marl-eval"](study, tmp_path)
    found = json.loads((tmp_path / "marl_eval.json").read_text())
    assert {name: list(tasks) for name, tasks in found.items()} == {"made-up": TASKS}
    manifest, curve = study.manifest, curves(study)
    for task, algorithms in found["made-up"].items():
        assert list(algorithms) == ["paper", "stable_dual"]
        for variant, runs in algorithms.items():
            assert list(runs) == ["seed_0", "seed_1"]
            for place, run in enumerate(runs.values()):
                absolute = run.pop("absolute_metrics")
                assert len(absolute["return"]) == manifest.final_episodes
                mine = one(curve, task, variant, place)
                assert [step["step_count"] for step in run.values()] == mine["step"].tolist()
                assert {len(step["return"]) for step in run.values()} == {manifest.episodes}
                last = np.mean(absolute["return"])
                np.testing.assert_allclose(last, mine["return_mean"].iloc[-1])
                first = run["step_0"]["return"]
                np.testing.assert_allclose(np.mean(first), mine["return_mean"].iloc[0])


def test_rliable(study: Study, tmp_path: Path) -> None:
    FORMATS["rliable"](study, tmp_path)
    ends, points = (dict(np.load(tmp_path / name)) for name in ("scores.npz", "curves.npz"))
    axes = json.loads((tmp_path / "axes.json").read_text())
    assert (axes["runs"], axes["tasks"], len(axes["share_of_steps"])) == ([0, 1], TASKS, 3)
    scored = scores(study)
    for variant in ("paper", "stable_dual"):
        assert points[variant].shape == (2, 2, 3)
        for column, task in enumerate(TASKS):
            for seed in (0, 1):
                mine = one(scored, task, variant, seed)["score"]
                assert ends[variant][seed, column] == mine.item()
                drawn = one(curves(study), task, variant, seed)["score"]
                np.testing.assert_array_equal(points[variant][seed, column], drawn)
    found, _ = library.get_interval_estimates(
        ends, lambda matrix: np.array([metrics.aggregate_mean(matrix)]), reps=10
    )
    assert found["paper"][0] == pytest.approx(ends["paper"].mean())


def test_openrlbenchmark(study: Study, tmp_path: Path) -> None:
    """The query and the files of its offline mode."""
    for _ in range(2):  # an older one is replaced
        FORMATS["openrlbenchmark"](study, tmp_path)
    name = study.manifest.study
    base = tmp_path / "mpo" / name
    query = (
        "SELECT id, path FROM offlinerun WHERE project = ? AND entity = 'mpo' "
        """AND json_extract(config, '$."env_id.value"') = ? """
        """AND json_extract(config, '$."exp_name.value"') = ?"""
    )
    found = sqlite3.connect(base / "offline.sqlite").execute(query, (name, TASKS[1], "paper"))
    rows = found.fetchall()
    assert len(rows) == 2
    for seed, (run, path) in enumerate(rows):
        folder = tmp_path.joinpath(*json.loads(path))
        described = json.loads((folder / "run.json").read_text())
        assert (described["id"], described["config"]["seed"]) == (run, seed)
        history = pd.read_csv(folder / "run_df.csv")
        mine = one(curves(study), TASKS[1], "paper", seed)
        assert history["global_step"].tolist() == mine["step"].tolist()
        np.testing.assert_allclose(history["charts/episodic_return"], mine["return_mean"])
        assert history["_runtime"].is_monotonic_increasing


@pytest.mark.parametrize("lacking", [("steps",), ("wall_s",), ("steps", "updates", "wall_s")])
@pytest.mark.parametrize("variants", [["sac"], ["paper", "sac"]])
def test_openrlbenchmark_of_runs_that_do_not_tell_their_pace(
    made: Callable[..., Path], tmp_path: Path, variants: list[str], lacking: tuple[str, ...]
) -> None:
    """Runs of other code, alone or beside one that does tell."""
    folder = made(variants=variants, seeds=[0])
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["variants"]["sac"]["external"] = True
    (folder / "manifest.json").write_text(json.dumps(manifest))
    file = next(folder.glob("runs/*/sac/0/run.json"))
    run = json.loads(file.read_text())
    file.write_text(json.dumps({key: run[key] for key in run if key not in lacking}))
    FORMATS["openrlbenchmark"](load(folder), tmp_path)
    for variant in variants:
        history = tmp_path / "mpo" / manifest["study"] / f"{TASKS[0]}__{variant}__0/run_df.csv"
        seconds = pd.read_csv(history)["_runtime"]
        assert (seconds == 0).all() if variant == "sac" else (seconds > 0).all()


def scalars_in(folder: Path) -> dict[str, list[Any]]:
    """What TensorBoard itself reads in a folder of events, by name: steps and values."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    read = accumulator.EventAccumulator(str(folder), {"scalars": 0}).Reload()
    return {tag: [(e.step, e.value) for e in read.Scalars(tag)] for tag in read.Tags()["scalars"]}


def test_tensorboard(study: Study, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    FORMATS["tensorboard"](study, tmp_path)
    found = scalars_in(tmp_path / TASKS[0] / "stable_dual" / "1")
    mine = one(curves(study), TASKS[0], "stable_dual", 1)
    steps, values = zip(*found["evaluation/return"], strict=True)
    assert list(steps) == mine["step"].tolist()
    np.testing.assert_allclose(values, mine["return_mean"], rtol=1e-6)
    logged = one(study.training, TASKS[0], "stable_dual", 1)
    assert len(found["training/loss_critic"]) == len(logged)
    lost = scalars_in(tmp_path.joinpath(*map(str, LOST))).get("evaluation/return", [])
    reached = one(study.evaluations, *LOST)
    assert len(lost) == reached.loc[~reached["filled"].astype(bool), "step"].nunique()


def test_the_command_takes_a_study(
    made: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made()
    assert main(["export", str(folder), "--to", "rliable"]) == 0
    assert (folder / "exports" / "rliable" / "scores.npz").is_file()
    assert capsys.readouterr().out == f"{folder}/exports/rliable: 4 runs\n"


def test_a_study_of_one_run_is_told_as_one(
    made: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(variants=["paper"], seeds=[0])
    assert main(["export", str(folder), "--to", "rliable"]) == 0
    assert capsys.readouterr().out.endswith(": 1 run\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "rlible"], "--to: 'rlible' is not allowed; there is no such format; did you"),
        (["--to", "rliable"], "manifest.json: there is no such file"),
        ([], "OUT: the file for the policy is required, or --to for a study"),
    ],
)
def test_a_fault_in_the_question_is_one_line(
    tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(tmp_path), *arguments]) == 2
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1


def test_where_tensorboard_is_missing_that_is_said(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(ValueError, match="tensorboard is not installed; pip install"):
        FORMATS["tensorboard"](study, tmp_path)


def test_a_run_that_diverged_before_its_first_step(
    made: Callable[..., Path], tmp_path: Path
) -> None:
    found = load(made(tasks=TASKS, diverged={LOST: 0}))
    FORMATS["openrlbenchmark"](found, tmp_path)
    history = tmp_path / "mpo" / found.manifest.study / "acrobot-swingup__paper__1/run_df.csv"
    assert pd.read_csv(history).notna().all(axis=None)
