"""The pipeline under faults: whatever is killed, the command typed again ends with equal tables.

Trainers are held at a gate while they are struck, so that what is struck is never over already.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from mpo.rundir import RUN
from mpo.study.config import load_study
from mpo.study.yaml_files import PROJECT
from mpo.training.job import Job
from mpo.training.run import train
from tests.gate import HELD, Gate, awaited, shut
from tests.runs import contents
from tests.workflow.project import SNAKEMAKE, copy_project

TASK = f"""
held:
  environment: {HELD}
  score_range: [-20, 0]
  reference: of the tests
  steps: 300
"""
STUDY = """
study: struck
study_seed: 1
variants: [paper, stabilised]
tasks: {held: 300}
seeds: [0, 1]
settings:
  evaluation_points: 2
  evaluation_episodes: 1
  evaluation_final_episodes: 1
  steps_per_update: 4
  logging_updates: 10
  minimum_replay: 24
  batch_size: 16
  compile: false
"""
ONE_RUN = STUDY.replace("[paper, stabilised]", "[paper]").replace("[0, 1]", "[0]")
CONFIG = "struck.yaml"
FOLDER = "results/struck"
FRAMES = [f"{FOLDER}/{name}" for name in ("scores.csv", "curves.csv", "diagnostics.csv")]
TABLES = [f"{FOLDER}/estimates/by_task.csv", f"{FOLDER}/tables/by_task.csv"]


def begin(folder: Path, study: str) -> Path:
    """A copy of the project whose trainers take a checkpoint at every episode's end."""
    folder.mkdir()
    copy_project(folder)
    (folder / CONFIG).write_text(study)
    with (folder / "config/tasks.yaml").open("a") as tasks:
        tasks.write(TASK)
    rules = folder / "workflow/rules/train.smk"
    text = rules.read_text()
    assert " --wait --quiet" in text
    rules.write_text(text.replace(" --wait --quiet", " --wait --checkpoint-seconds 0 --quiet"))
    return folder


def runs(folder: Path) -> list[Path]:
    """Where the study's runs go."""
    study = load_study(folder / CONFIG, config=folder / "config")
    return [folder / FOLDER / run.path for run in study.runs]


def unfinished(folder: Path) -> int:
    return sum(not (run / RUN).exists() for run in runs(folder))


def targets(folder: Path) -> list[str]:
    """Of a single run its files, else frames and tables too."""
    single = [str((run / RUN).relative_to(folder)) for run in runs(folder)]
    return single if len(single) == 1 else [*FRAMES, *TABLES]


def environment(folder: Path) -> dict[str, str]:
    """The copy's code, and the environment that is held at a gate from among the tests."""
    path = os.pathsep.join([str(folder), str(PROJECT)])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def log(folder: Path) -> Path:
    return folder / "snakemake.log"


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Snakemake at work, on all runs at once, in a process group that is killed at the end."""
    command = [SNAKEMAKE, *targets(folder), "--cores", "4", "--configfile", CONFIG]
    with log(folder).open("a") as said:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(folder),
            stdout=said,
            stderr=said,
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


def unlocked(folder: Path) -> None:
    said = unlock(folder)
    assert said.returncode == 0, said.stderr


def go_on(folder: Path) -> None:
    """The documented command, to the study's end."""
    unlocked(folder)
    with running(folder) as process:
        assert process.wait() == 0, log(folder).read_text()


def go_on_beside(folder: Path, orphans: list[int], gate: Gate) -> None:
    """The same while orphans train, who are held until the log says that each is waited for."""
    unlocked(folder)

    def waited_for() -> bool:
        said = "".join(file.read_text() for file in folder.glob(f"{FOLDER}/logs/train/*/*/*.log"))
        lines = [line for line in said.splitlines() if "waiting for it" in line]
        return all(any(f" process {orphan} on" in line for line in lines) for orphan in orphans)

    with running(folder) as process:
        awaited(waited_for, process, log(folder))
        gate.open()
        assert process.wait() == 0, log(folder).read_text()


def await_trainers(folder: Path, process: subprocess.Popen[str], gate: Gate) -> list[int]:
    """The trainers of every run that is not finished, all of them at the gate."""
    count = unfinished(folder)
    assert count, "no run is left to strike"
    return awaited(
        lambda: held if len(held := gate.waiting()) == count else [], process, log(folder)
    )


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


def strike(folder: Path, blow: Callable[[int, list[int]], None], times: int) -> None:
    """Start the study, strike while all its runs train, as often as asked; then let it finish."""
    for _ in range(times):
        unlocked(folder)
        with shut(folder) as gate, running(folder) as process:
            trainers = await_trainers(folder, process, gate)
            blow(process.pid, trainers)
            if blow is kill_snakemake:
                process.wait()
                go_on_beside(folder, trainers, gate)
            gate.open()
            process.wait()
    go_on(folder)


def nothing_left(folder: Path) -> None:
    assert {path.name for path in folder.glob("state/*/*")} == {"finished"}
    assert not list((folder / FOLDER).rglob(".*.tmp"))


def test_a_snakemake_that_dies_leaves_orphans_that_the_next_one_waits_for(tmp_path: Path) -> None:
    """The orphan and the rerun never write the same run: the log says who waits for whom."""
    folder = begin(tmp_path / "struck", ONE_RUN)
    with shut(folder) as gate, running(folder) as process:
        (orphan,) = await_trainers(folder, process, gate)
        refused = unlock(folder)
        assert refused.returncode == 1
        assert f"Snakemake, process {process.pid}, is at work here" in refused.stderr
        kill_snakemake(process.pid, [orphan])
        process.wait()
        go_on_beside(folder, [orphan], gate)
    (run,) = load_study(folder / CONFIG, config=folder / "config").runs
    straight = Job("held", "paper", 0, 1, run.settings, tmp_path / "out", tmp_path / "state")
    train(straight, bar=False)
    struck = Job("held", "paper", 0, 1, run.settings, folder / FOLDER / run.path)
    assert contents(struck) == contents(straight)
    nothing_left(folder)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tables of the study that nothing struck."""
    folder = begin(tmp_path_factory.mktemp("expected") / "study", STUDY)
    go_on(folder)
    return tables(folder)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("blow", "times"),
    [
        (kill_trainer, 2),
        (kill_snakemake, 1),  # whose orphans finish
        (kill_both, 2),
        (terminate_snakemake, 1),
        (terminate_all, 2),
        (interrupt, 2),
    ],
)
def test_whatever_is_struck_the_study_ends_with_equal_tables(
    blow: Callable[[int, list[int]], None],
    times: int,
    expected: dict[str, bytes],
    tmp_path: Path,
) -> None:
    folder = begin(tmp_path / "study", STUDY)
    strike(folder, blow, times)
    assert tables(folder) == expected
    nothing_left(folder)
