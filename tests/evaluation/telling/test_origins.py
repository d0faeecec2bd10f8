"""Where runs were trained, as the report says it."""

from __future__ import annotations

import dataclasses
import json

import pandas as pd

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.inventory import inventory
from mpo.evaluation.reading.load import load
from mpo.evaluation.telling.origins import told


def test_runs_of_the_same_machine_are_one_paragraph(frames: Frames):
    count = len(frames.runs)
    machine, versions = told(frames)
    assert machine.startswith(f"Machine of {count} runs: cores 2; cpu made up; flags avx2")
    assert versions == f"Versions of {count} runs: python 3.11.0; torch 2.0.0."


def test_a_run_that_changed_processors_is_named(study_dir, frames: Frames):
    study = load(study_dir)
    run = study.runs.iloc[0]
    steps = [{"step": 0, "processor": "one kind"}, {"step": 4000, "processor": "another"}]
    own = [steps if seed == run.name else steps[:1] for seed in study.runs.index]
    runs = study.runs.assign(processors=pd.Series(own, study.runs.index))
    rows = inventory(dataclasses.replace(study, runs=runs))
    assert json.loads(rows["machine"][0])["processors"] == steps
    assert list(rows["machine"][1:]) == list(frames.runs["machine"][1:])
    machine, _, moved = told(dataclasses.replace(frames, runs=rows))
    assert machine.startswith(f"Machine of {len(rows)} runs: ")
    assert moved.startswith("Resumed on another kind of processor, after which equal bytes cannot ")
    assert moved.endswith(
        f"{run['task']}, {run['variant']}, seed {run['seed']} (from step 0 on one kind, from step "
        "4,000 on another)."
    )
