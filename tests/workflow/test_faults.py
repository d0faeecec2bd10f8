"""The pipeline under faults: whatever is killed, the command typed again ends with equal tables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.workflow.project import SNAKEMAKE, copy_project

STUDY = """
study: struck
study_seed: 1
variants: [paper, stabilised]
tasks: {cartpole-balance: 8000, InvertedDoublePendulum-v5: 3000}
seeds: [0]
settings:
  evaluation_points: 2
  evaluation_episodes: 1
  evaluation_final_episodes: 1
  logging_updates: 50
  minimum_replay: 500
  batch_size: 32
  compile: false
"""
BRIEF = STUDY.replace("[paper, stabilised]", "[paper]").replace(
    "{cartpole-balance: 8000, InvertedDoublePendulum-v5: 3000}", "{cartpole-balance: 3000}"
)
CONFIG = "struck.yaml"
FOLDER = "results/struck"
FRAMES = [f"{FOLDER}/{name}" for name in ("scores.csv", "curves.csv", "diagnostics.csv")]
TABLES = [f"{FOLDER}/estimates/by_task.csv", f"{FOLDER}/tables/by_task.csv"]

PATIENCE_S = 240.0
pytestmark = pytest.mark.timeout(600)


def begin(folder: Path, study: str) -> Path:
    """A copy of the project whose trainers take a checkpoint at every episode's end."""
    folder.mkdir()
    copy_project(folder)
    (folder / CONFIG).write_text(study)
    rules = folder / "workflow/rules/train.smk"
    text = rules.read_text()
    assert " --wait --quiet" in text
    rules.write_text(text.replace(" --wait --quiet", " --wait --checkpoint-seconds 0 --quiet"))
    return folder


def targets(folder: Path) -> list[str]:
    """What is made and compared: of the brief study the frames, else tables too."""
    brief = (folder / CONFIG).read_text() == BRIEF
    return FRAMES if brief else [*FRAMES, *TABLES]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Snakemake at work, in a process group of its own, which is killed at the end."""
    command = [SNAKEMAKE, *targets(folder), "--cores", "2", "--configfile", CONFIG]
    with (folder / "snakemake.log").open("a") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(folder),
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def unlock(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `make results` does before it calls Snakemake."""
    command = [sys.executable, "workflow/scripts/unlock.py"]
    return subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True
    )


def go_on(folder: Path) -> None:
    """The documented command, to the study's end."""
    said = unlock(folder)
    assert said.returncode == 0, said.stderr
    with running(folder) as process:
        assert process.wait(PATIENCE_S) == 0, (folder / "snakemake.log").read_text()


def trainers(folder: Path) -> list[int]:
    """Processes that train and have a checkpoint, in the folder's own words."""
    found = []
    for owner in folder.glob("state/*/owner"):
        pid = int(owner.read_text().split()[1])
        if psutil.pid_exists(pid) and owner.with_name("checkpoint").exists():
            found.append(pid)
    return found


def await_trainers(folder: Path, process: subprocess.Popen[str]) -> list[int]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := trainers(folder):
            return found
        assert process.poll() is None, (folder / "snakemake.log").read_text()
        time.sleep(0.02)
    raise AssertionError("no trainer began: " + (folder / "snakemake.log").read_text())


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in targets(folder)}


def kill_trainer(snakemake: int, trainers: list[int]) -> None:
    os.kill(trainers[0], signal.SIGKILL)


def kill_snakemake(snakemake: int, trainers: list[int]) -> None:
    """The trainers live on, orphans; the next Snakemake's wait for them."""
    os.kill(snakemake, signal.SIGKILL)


def kill_both(snakemake: int, trainers: list[int]) -> None:
    os.killpg(snakemake, signal.SIGKILL)


def terminate_snakemake(snakemake: int, trainers: list[int]) -> None:
    os.kill(snakemake, signal.SIGTERM)


def terminate_all(snakemake: int, trainers: list[int]) -> None:
    os.killpg(snakemake, signal.SIGTERM)


def interrupt(snakemake: int, trainers: list[int]) -> None:
    """Ctrl-C reaches every process of the terminal's foreground group."""
    os.killpg(snakemake, signal.SIGINT)


def strike(folder: Path, blow: Callable[[int, list[int]], None], times: int = 1) -> None:
    """Start the study, strike once it trains, as often as asked; then let it finish."""
    for _ in range(times):
        assert unlock(folder).returncode == 0
        with running(folder) as process:
            blow(process.pid, await_trainers(folder, process))
            if blow is kill_snakemake:
                process.wait(PATIENCE_S)
                assert trainers(folder), "no orphan was left to wait for"
                go_on(folder)  # while the orphans still train
            else:
                process.wait(PATIENCE_S)
    go_on(folder)


def nothing_left(folder: Path) -> None:
    assert not list(folder.glob("state/*")), list(folder.glob("state/*/*"))
    assert not list((folder / FOLDER).rglob(".*.tmp"))


def test_a_snakemake_that_dies_leaves_orphans_that_the_next_one_waits_for(tmp_path: Path) -> None:
    """The orphan and the rerun never write the same run: the log says who waits for whom."""
    straight, struck = (begin(tmp_path / name, BRIEF) for name in ("straight", "struck"))
    go_on(straight)
    with running(struck) as process:
        (orphan,) = await_trainers(struck, process)
        refused = unlock(struck)
        assert refused.returncode == 1
        assert f"Snakemake, process {process.pid}, is at work here" in refused.stderr
        kill_snakemake(process.pid, [orphan])
        process.wait()
        go_on(struck)
    log = (struck / FOLDER / "logs/train/cartpole-balance/paper/0.log").read_text()
    waited = f"process {orphan} on"
    assert waited in log, log
    assert "is training this run already; waiting for it" in log
    assert tables(struck) == tables(straight)
    nothing_left(struck)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tables of the study that nothing struck."""
    folder = begin(tmp_path_factory.mktemp("expected") / "study", STUDY)
    go_on(folder)
    return tables(folder)


@pytest.mark.soak
@pytest.mark.parametrize(
    "blow",
    [kill_trainer, kill_snakemake, kill_both, terminate_snakemake, terminate_all, interrupt],
)
def test_whatever_is_struck_the_study_ends_with_equal_tables(
    blow: Callable[[int, list[int]], None], expected: dict[str, bytes], tmp_path: Path
) -> None:
    folder = begin(tmp_path / "study", STUDY)
    strike(folder, blow, times=2)
    assert tables(folder) == expected
    nothing_left(folder)
