"""The report of a large study whole, made up: 8 variants on 5 tasks with 10 seeds, all sections.

python -m tests.evaluation.full_size /tmp/full
"""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path

import pandas as pd

from mpo.evaluation import stages
from mpo.evaluation.claims import claims_of
from mpo.evaluation.reading.frames import read_frames, write_text
from mpo.evaluation.reading.load import load
from mpo.evaluation.showing import figures, filmed
from mpo.evaluation.showing.claims import files as claims
from mpo.evaluation.telling.page import report_html
from mpo.evaluation.telling.report import report
from mpo.study.claims import load_claims
from mpo.study.published import load_published
from mpo.study.yaml_files import PROJECT
from tests.evaluation.synthetic import write_study

VARIANTS = [
    *("paper", "stable_dual", "huber", "td0"),
    *("stabilised", "improved_estep", "soft_estep", "converged_estep"),
]
TASKS = ["cartpole-balance", "cartpole-swingup", "acrobot-swingup", "hopper-stand", "hopper-hop"]
SEEDS, POINTS = 10, 25
DIVERGED = {("acrobot-swingup", "paper", 3): 9, ("hopper-hop", "td0", 5): 20}
SHIPPED = PROJECT / "results/reference"
"""Whose films and theory the study has."""
CALM = ["effective_sample_size", "policy_deviation"]
"""Diagnostics that change little from row to row, as the KLs do."""
FILMED = {task: "cartpole-swingup" if task == "cartpole-balance" else task for task in TASKS}
"""The task whose shipped films each shows: not all are shipped."""


def write(folder: Path) -> Path:
    """Writes runs, frames, figures, tables, claims, films and theory of the study to `folder`."""
    write_study(folder, TASKS, VARIANTS, range(SEEDS), POINTS, 5, 20, DIVERGED, steps=20_000)
    for file in folder.glob("runs/*/*/*/training.csv"):
        _calm(file)
    stages.write_runs(load(folder), load_published(), folder)
    stages.write_estimates(folder)
    frames = read_frames(folder)
    for name in figures.names():
        if name != "ladder":  # of studies that leave out tricks
            figures.make(name, frames, folder)
    stages.write_tables(folder)
    shutil.copytree(SHIPPED / "theory", folder / "theory")
    for file in (SHIPPED / "figures").iterdir():  # of the theory, which is one for all studies
        if not (folder / "figures" / file.name).exists():
            shutil.copy(file, folder / "figures")
    claims.make(claims_of(load_claims()), folder)
    for task in TASKS:
        for name in VARIANTS:
            film = folder / filmed.file_of(task, name)
            film.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SHIPPED / filmed.file_of(FILMED[task], name), film)
    write_text(filmed.section(frames, {}, 5.0), folder / "films.md")
    return folder


def _calm(file: Path) -> None:
    """Logs as smooth as real ones: pictures of noise are several times as large."""
    rows = pd.read_csv(file)
    calm = [*CALM, *rows.filter(like="kl_")]
    rows[calm] = rows[calm].ewm(alpha=0.05).mean()
    rows.to_csv(file, index=False)


def write_page(folder: Path) -> Path:
    """Writes the study's report.md and its page; returns the page."""
    text = report(folder)
    write_text(text, folder / "report.md")
    write_text(report_html(text, folder), folder / "report.html")
    return folder / "report.html"


def main() -> None:
    """Writes all of it from the command line, and says how long the page took and its size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    begun = time.process_time()
    write(folder)
    drawn = time.process_time()
    page = write_page(folder)
    print(
        f"{page}: {page.stat().st_size / 2**20:.2f} MiB; {drawn - begun:.0f} core-seconds for what "
        f"it shows and {time.process_time() - drawn:.0f} for the page"
    )


if __name__ == "__main__":
    main()
