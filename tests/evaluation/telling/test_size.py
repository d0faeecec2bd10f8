"""How large the page of a study of 8 variants on 5 tasks with 10 seeds is, by its parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mpo.evaluation.reading.frames import Frames, write_csv
from mpo.evaluation.showing import figures, tables
from mpo.evaluation.showing.live.document import figure_data, library
from mpo.evaluation.telling import pictures
from mpo.evaluation.telling.markup import LARGEST_SVG
from mpo.evaluation.telling.page import _numbers, _packed, report_html
from mpo.study.yaml_files import PROJECT
from mpo.theory import figures as theory

LARGEST = 5 * 2**20
VARIANTS, TASKS, SEEDS, POINTS = 8, 5, 10, 25
PIXELS, MORE = 7, 1.5
"""Figures with a line a run, too large for SVG, and how much larger than the largest shipped."""
PARTS = 5
"""Of runs, of which one is measured."""
SHIPPED = PROJECT / "results/reference"


def curves(frames: Frames, folder: Path) -> int:
    """Bytes of the learning curves that can be looked into."""
    tasks = [*frames.manifest.tasks]
    each = TASKS * SEEDS // len(tasks) // PARTS
    keys = [(t, f"v{v}", s) for t in tasks for v in range(VARIANTS) for s in range(each)]
    runs = pd.DataFrame(keys, columns=["task", "variant", "seed"])
    rows = runs.merge(pd.DataFrame({"step": 40_000 * np.arange(1, POINTS + 1)}), "cross")
    rows["value"] = 1000 * np.random.default_rng(0).random(len(rows))
    write_csv(rows.assign(low=np.nan, high=np.nan), folder / "figures/learning_curves.csv")
    data = figure_data("learning_curves", frames.manifest, folder)
    assert data
    return len(_packed("figures", _numbers({"learning_curves": data})))


def test_the_page_of_a_large_study_is_no_larger_than_it_may_be(frames: Frames, tmp_path: Path):
    runs = tables.module("runs").shown(frames)
    many = pd.concat([runs] * (VARIANTS * TASKS * SEEDS // PARTS // len(runs) + 1))
    films = [len(pictures.inlined(file)) for file in SHIPPED.glob("films/*/stabilised.gif")]
    elsewhere = {"sweeps", "ladder"}  # of other studies
    sharp = len({*figures.names()} - elsewhere) + len(theory.NAMES) - PIXELS
    parts = {
        "library": len(_packed("library", library())),
        "numbers": 2 * PARTS * curves(frames, tmp_path),  # against core-seconds too
        "films": VARIANTS * TASKS * sum(films) / len(films),
        "pixels": PIXELS * MORE * len(pictures.inlined(SHIPPED / "figures/kl_relative.png")),
        "sharp": sharp * LARGEST_SVG * 4 / 3,
        "text": 2 * PARTS * len(report_html(tables.markdown(many), tmp_path)),
    }
    assert len(films) >= 3
    assert sum(parts.values()) < LARGEST, parts
