"""Films: of which run, and how the report shows them."""

from __future__ import annotations

import dataclasses

import pandas as pd

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing import filmed


def test_the_median_run_is_filmed(frames: Frames):
    chosen = filmed.median_runs(frames)
    assert len(chosen) == len(frames.manifest.tasks) * len(frames.manifest.variants)
    for (task, variant), seed in chosen.items():
        rows = frames.scores
        mine = rows[(rows["task"] == task) & (rows["variant"] == variant)]
        (value,) = mine.loc[mine["seed"] == seed, "return_mean"]
        assert value == mine["return_mean"].median()


def test_of_an_even_number_the_lower_and_of_ties_the_first(frames: Frames):
    rows = pd.DataFrame(
        {
            "task": "cartpole-balance",
            "variant": "paper",
            "seed": [3, 1, 2, 0],
            "return_mean": [5.0, 7.0, 7.0, 9.0],
        }
    )
    chosen = filmed.median_runs(dataclasses.replace(frames, scores=rows))
    assert chosen == {("cartpole-balance", "paper"): 1}


def test_other_code_s_policies_are_not_filmed(frames: Frames):
    variants = {
        name: dataclasses.replace(variant, base=None) if name == "stabilised" else variant
        for name, variant in frames.manifest.variants.items()
    }
    manifest = dataclasses.replace(frames.manifest, variants=variants)
    chosen = filmed.median_runs(dataclasses.replace(frames, manifest=manifest))
    assert {variant for _, variant in chosen} == {"paper", "stable_dual"}


def test_the_section_has_a_row_a_task_and_says_where_there_is_no_film(frames: Frames):
    why = dict.fromkeys(filmed.median_runs(frames), "no pictures")
    del why["cartpole-balance", "paper"]
    text = filmed.section(frames, why, 5.0)
    assert text.count("![") == 1
    assert "![paper on cartpole-balance](films/cartpole-balance/paper.gif) seed " in text
    assert text.count("–") == 5
    assert "The first 5 seconds" in text
    (line,) = (line for line in text.splitlines() if line.startswith("No film of "))
    assert line.endswith(": no pictures.")
    assert line.count(" on ") == line.count("(seed ") == 5


def test_where_there_is_no_film_the_section_is_the_reasons(frames: Frames):
    why = dict.fromkeys(filmed.median_runs(frames), "no OpenGL")
    assert filmed.section(frames, why, 5.0) == "No film of any run: no OpenGL.\n"
    why["cartpole-balance", "paper"] = "it diverged"
    first, second = filter(None, filmed.section(frames, why, 5.0).splitlines())
    assert first.startswith("No film of `paper` on cartpole-balance (seed ")
    assert first.endswith("): it diverged.")
    assert second.count("(seed ") == 5
