"""A tiny study on a Slurm of its own, struck: cancelled, requeued, out of time, without Snakemake.

`make slurm-test` runs it. Says what happened, and ends with 0 where the tables are those of a local
run, byte for byte, and no update was made twice.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mpo.study.study import Run
from mpo.study.yaml_files import PROJECT
from tests.cluster import counting
from tests.cluster.slurm import cluster, lacking, output
from tests.workflow.project import SNAKEMAKE, copy_project

CONFIG = "tiny.yaml"
STUDY = """
study: tiny
study_seed: 1
variants: [paper]
tasks: {cartpole-balance: STEPS}
seeds: [0, 1, 2]
settings:
  evaluation_points: 4
  evaluation_episodes: 1
  evaluation_final_episodes: 2
  steps_per_update: 16
  policy_hidden: [16, 16]
  critic_hidden: [16, 16]
  batch_size: 32
  action_samples: 5
  compile: false
"""
RESULTS = "results/tiny"
TABLES = ("tables/by_task.csv", "tables/aggregate.csv", "scores.csv", "curves.csv")
RUN_FILES = ("evaluations.csv", "training.csv", "policy.safetensors")
SLURM = ("--workflow-profile", "profiles/slurm", "--latency-wait", "20")
SOON = ("--slurm-init-seconds-before-status-checks", "5", "--seconds-between-status-checks", "5")
PATIENCE_S = 3600.0
STEPS, STRUCK_AFTER = 24_000, 1500
"""Of a run; updates begin at step 1,000."""
begun = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - begun:6.0f} s  {text}", flush=True)


class Project:
    """A copy of the project with the study, whose updates are counted."""

    def __init__(self, folder: Path, steps: int) -> None:
        folder.mkdir()
        copy_project(folder)
        (folder / CONFIG).write_text(STUDY.replace("STEPS", str(steps)))
        self.folder, self.counts = folder, folder / "counts"
        self._path = counting.prepare(self.counts, PROJECT)

    def start(self, *options: str) -> subprocess.Popen:
        """Snakemake for the tables, in a group of its own."""
        tables = [f"{RESULTS}/{name}" for name in TABLES]
        path = os.pathsep.join([str(self.folder), str(self._path)])
        command = [SNAKEMAKE, *options, "--configfile", CONFIG, "--", *tables]
        with (self.folder / "snakemake.log").open("a") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def finish(self, process: subprocess.Popen) -> None:
        """Wait for its end; exit with its last words where it fails."""
        if process.wait(PATIENCE_S):
            sys.exit("\n".join(self.said().splitlines()[-30:]))

    def said(self) -> str:
        return (self.folder / "snakemake.log").read_text()

    def step(self, run: Run) -> int:
        """How far a run is; 0 where it does not train."""
        try:
            told = json.loads((self.folder / run.state / "progress.json").read_text())
        except (OSError, ValueError):
            return 0
        return 0 if told["doing"] == "starting" or "ended" in told else told["step"]

    def finished(self, run: Run) -> bool:
        return (self.folder / run.state / "finished/run.json").exists()

    def twice(self, runs: list[Run]) -> int:
        """Updates made over those that the runs consist of."""
        records = (self.folder / RESULTS / run.path / "run.json" for run in runs)
        made = sum(json.loads(record.read_text())["updates"] for record in records)
        return counting.counted(self.counts) - made


def wait_for(condition: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"waited too long for {what}")
        time.sleep(0.3)


def job_of(run: Run) -> str:
    """The number of the Slurm job that trains a run."""
    wildcards = f"_wildcards_{run.task}_{run.seed}"
    lines = output("squeue", "-h", "-t", "R", "-o", "%i %k").splitlines()
    jobs = [line.split()[0] for line in lines if line.endswith(wildcards)]
    return jobs[0] if jobs else ""


@contextmanager
def killed_at_the_end(process: subprocess.Popen) -> Iterator[None]:
    try:
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def strike(project: Project, runs: list[Run]) -> None:
    """Cancel one run's job, requeue the second's, end the third's time, then kill Snakemake."""
    blows = {
        "cancelled": lambda job: ("scancel", job),
        "requeued": lambda job: ("scontrol", "requeue", job),
        "out of time": lambda job: ("scontrol", "update", f"JobId={job}", "TimeLimit=1"),
    }
    snakemake = project.start(*SLURM, *SOON)
    with killed_at_the_end(snakemake):
        for run, (what, blow) in zip(runs, blows.items(), strict=True):
            wait_for(lambda run=run: _struck(project, run), f"{run.path} to train")
            job, step = job_of(run), project.step(run)
            subprocess.run(blow(job), check=True)
            say(f"job {job} of {run.path}: {what} after step {step}")
            if what == "requeued":
                wait_for(lambda job=job: pending(job), f"job {job} to be pending")
                subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now"], check=False)
        wait_for(lambda: any(map(project.finished, runs)), "a run to finish")
        os.killpg(snakemake.pid, signal.SIGKILL)
        snakemake.wait()
    done = sum(map(project.finished, runs))
    say(f"Snakemake killed; {done} of {len(runs)} runs are finished")


def _struck(project: Project, run: Run) -> bool:
    return project.step(run) >= STRUCK_AFTER and bool(job_of(run))


def pending(job: str) -> bool:
    return output("squeue", "-h", "-j", job, "-o", "%T").strip() == "PENDING"


def go_on(project: Project) -> None:
    """The documented commands, to the end."""
    command = [sys.executable, "workflow/scripts/unlock.py"]
    subprocess.run(command, cwd=project.folder, check=True)
    snakemake = project.start(*SLURM, *SOON)
    with killed_at_the_end(snakemake):
        project.finish(snakemake)


def differing(project: Project, local: Project, runs: list[Run]) -> list[str]:
    """Tables and files of runs that are not those of the local study."""
    names = [*TABLES, *(f"{run.path}/{name}" for run in runs for name in RUN_FILES)]
    both = [[(p.folder / RESULTS / name).read_bytes() for p in (project, local)] for name in names]
    say(f"{sum(a == b for a, b in both)} of {len(names)} files equal those of a local run")
    return [name for name, (a, b) in zip(names, both, strict=True) if a != b]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slurmdbd", action="store_true", help="with accounting")
    parser.add_argument("--steps", type=int, default=STEPS, help="of each run")
    chosen = parser.parse_args()
    accounting = chosen.slurmdbd
    if faults := lacking(accounting):
        sys.exit(f"no Slurm of its own can be started here: {', '.join(faults)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped; all is taken down"))
    with tempfile.TemporaryDirectory(prefix="slurm") as name:
        folder = Path(name)
        local, project = (Project(folder / name, chosen.steps) for name in ("local", "cluster"))
        from mpo.study.config import load_study

        runs = load_study(project.folder / CONFIG, config=project.folder / "config").runs
        (folder / "slurm").mkdir()
        with cluster(folder / "slurm", accounting):
            say(f"Slurm is up, with{'' if accounting else 'out'} slurmdbd")
            strike(project, runs)
            go_on(project)
        say("Slurm is down; the same study without it")
        local.finish(local.start("--cores", "2"))
        unlike, twice = differing(project, local, runs), project.twice(runs)
        for run in runs:
            record = json.loads((project.folder / RESULTS / run.path / "run.json").read_text())
            say(f"{run.path}: {record['attempts']} attempts, resumed at {record['resumed_at']}")
        placed = re.findall("put in place", "".join(logs(project)))
        say(f"put in place without training: {len(placed)}; updates trained twice: {twice}")
    if unlike or twice:
        sys.exit(f"not as it should be: {', '.join(unlike) or 'updates trained twice'}")


def logs(project: Project) -> list[str]:
    return [file.read_text() for file in project.folder.glob(f"{RESULTS}/logs/train/*/*/*.log")]


if __name__ == "__main__":
    main()
