"""Computed frames come back as they were written, whatever tasks and variants are called."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from mpo.evaluation.reading.frames import FRAMES, WORDS, read_csv, read_frames, read_text
from mpo.evaluation.reading.load import KEYS, load
from mpo.evaluation.stages import write_estimates, write_runs
from mpo.study import core_schema
from mpo.study.yaml_files import PROJECT, SCHEMAS
from tests.evaluation.synthetic import write_study

LIKE_NUMBERS = ["None", "NA", "nan", "NaN", "007", "1e3", "0x1", "True", "inf", "1_0", "2001-01-01"]
"""What readers of CSV take for numbers, dates or nothing."""


def legal(schema: str, *path: str) -> st.SearchStrategy[str]:
    """Names that the configuration accepts, by the pattern in its schema, and odd ones of them."""
    part = core_schema.load((SCHEMAS / f"{schema}.schema.yaml").read_text())
    for key in path:
        part = part[key]
    allowed = re.compile(part["pattern"])
    odd = [name for word in LIKE_NUMBERS for name in (word, word.lower()) if allowed.search(name)]
    random = st.text("abcdeINTnaftu019_-", min_size=1, max_size=4).filter(allowed.search)
    return st.sampled_from(odd) | random


OF_RUNS = ("scores", "runs", "curves", "diagnostics")
TASKS = st.lists(legal("tasks", "propertyNames"), min_size=1, max_size=2, unique=True)
VARIANTS = st.lists(legal("variants", "propertyNames"), min_size=1, max_size=2, unique=True)


@settings(max_examples=15)
@given(legal("study", "properties", "study"), TASKS, VARIANTS)
def test_names_of_runs_come_back_as_they_were_written(
    study: str, tasks: list[str], variants: list[str]
):
    with tempfile.TemporaryDirectory() as folder:
        made = write_study(Path(folder, study), tasks, variants, [0, 1], points=2, episodes=1)
        write_runs(load(made), [], made)
        frames = {name: read_csv(made / FRAMES[name]) for name in OF_RUNS}
    asked = [(study, task, name, seed) for task in tasks for name in variants for seed in (0, 1)]
    for frame in frames.values():
        found = frame[KEYS].itertuples(index=False, name=None)
        assert list(dict.fromkeys(found)) == asked


def test_names_of_estimates_come_back_as_they_were_written(tmp_path: Path):
    tasks, variants = ["NA", "1e3", "007"], ["paper", "null", "task"]
    folder = write_study(tmp_path / "nan", tasks, variants, [0, 1], points=2, episodes=1)
    write_runs(load(folder), [], folder)
    write_estimates(folder)
    frames = read_frames(folder)
    assert frames.by_task["task"].drop_duplicates().tolist() == tasks
    assert set(frames.by_task["variant"]) == set(frames.aggregate["variant"]) == set(variants)
    assert set(frames.improvement["variant"]) == {"null", "task"}
    assert set(frames.improvement["base"]) == {"paper"}


@pytest.mark.parametrize("file", [*FRAMES.values(), "tables/claims.csv"])
def test_every_column_is_of_words_or_of_numbers(file: str):
    frame = read_csv(PROJECT / "results/reference" / file)
    for name, column in frame.items():
        if name in WORDS:
            assert column.map(lambda cell: isinstance(cell, str) or pd.isna(cell)).all(), name
        else:
            assert is_numeric_dtype(column) or is_bool_dtype(column), name


def test_an_empty_cell_is_missing_and_a_digest_is_no_number(tmp_path: Path):
    path = tmp_path / "runs.csv"
    path.write_text("task,base,commit,value\nNA,,123e45,1.5\nnull,nan,0042,\n")
    frame = read_csv(path)
    assert frame["task"].tolist() == ["NA", "null"]
    assert frame["commit"].tolist() == ["123e45", "0042"]
    assert frame["base"].isna().tolist() == [True, False]
    assert frame["value"].isna().tolist() == [False, True]
    assert read_text(path)["value"].tolist() == ["1.5", ""]
