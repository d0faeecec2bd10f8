"""The stages between a study's runs and its tables, as the rules of the workflow run them.

runs/ -> write_runs -> scores.csv, curves.csv, ... -> write_estimates -> estimates/*.csv
-> write_tables -> tables/*
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mpo.evaluation.estimating import estimates
from mpo.evaluation.reading.frames import FRAMES, read_csv, read_frames, write_csv
from mpo.evaluation.reading.inventory import inventory
from mpo.evaluation.reading.load import Study
from mpo.evaluation.reading.manifest import SCALES, read_manifest
from mpo.evaluation.reading.scales import scales, table
from mpo.evaluation.reading.scores import curves, diagnostics, scores
from mpo.evaluation.showing import tables

PUBLISHED = ["task", "algorithm", "source", "steps", "n", "return", "low", "high", "deviation"]
"""Columns of the published scores."""


def write_runs(study: Study, published: Iterable[Mapping[str, Any]], folder: Path) -> None:
    """What the runs came to; of the published scores, those of the study's tasks."""
    theirs = [row for row in published if row["task"] in study.manifest.tasks]
    if relative := scales(study.manifest, study.evaluations):
        write_csv(table(relative), folder / SCALES)
    write_csv(scores(study), folder / FRAMES["scores"])
    write_csv(curves(study), folder / FRAMES["curves"])
    write_csv(diagnostics(study), folder / FRAMES["diagnostics"])
    write_csv(inventory(study), folder / FRAMES["runs"])
    write_csv(pd.DataFrame(theirs, columns=PUBLISHED), folder / FRAMES["published"])


def write_estimates(folder: Path) -> None:
    """What the runs say together, with intervals; from what `write_runs` wrote.

    Raises ValueError where that is not of the runs in the manifest.
    """
    manifest = read_manifest(folder)
    scored, drawn = read_csv(folder / FRAMES["scores"]), read_csv(folder / FRAMES["curves"])
    for rows, file in ((scored, FRAMES["scores"]), (drawn, FRAMES["curves"])):
        found = set(zip(rows["task"], rows["variant"], rows["seed"], strict=True))
        if found != {(run.task, run.variant, run.seed) for run in manifest.runs}:
            raise ValueError(f"{folder / file}: its runs are not those of {folder}/manifest.json")
    write_csv(estimates.aggregate(manifest, scored), folder / FRAMES["aggregate"])
    write_csv(estimates.by_task(manifest, scored), folder / FRAMES["by_task"])
    write_csv(estimates.curve_estimates(manifest, drawn), folder / FRAMES["curve_estimates"])
    write_csv(estimates.improvements(manifest, scored), folder / FRAMES["improvement"])
    write_csv(estimates.profiles(manifest, scored), folder / FRAMES["profiles"])


def write_tables(folder: Path) -> None:
    """Every table of the study, from the frames in `folder`, or the sentence in its place."""
    frames = read_frames(folder)
    for name in tables.of(frames):
        tables.make(name, frames, folder)
