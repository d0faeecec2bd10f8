"""The runs that a claim is judged by: pairs, pooled variants, diverged runs, clumps."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from mpo.evaluation.claims import judge
from mpo.evaluation.claims.metrics import METRICS
from mpo.evaluation.claims.samples import samples
from mpo.evaluation.claims.shapes import clumped
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.showing.claims.shown import shown
from tests.evaluation.claims.planting import claim, lost, planted, verdict


def test_runs_of_one_seed_are_pairs_and_pooled_variants_are_one_number(frames: Frames):
    """Variants that share a seed's luck: pairs see through it, and no seed counts twice."""
    near, generator = planted(frames, 0.05, seeds=8), np.random.default_rng(1)
    luck = near.scores.groupby(["task", "seed"])["score"].transform(
        lambda _: generator.normal(0, 0.3)
    )
    scores = near.scores.assign(score=near.scores["score"] + luck)
    shared = dataclasses.replace(near, scores=scores)
    assert verdict(shared)["verdict"] == "supported"
    low, high = list(frames.manifest.tasks)
    pooled = claim(compare="tasks", tasks=[low, high], variants="all")
    (stratum,) = samples(pooled, shared).strata
    assert [len(sample) for sample in stratum] == [8, 8], "three variants are not 24 runs"
    mine = scores[scores["task"] == low].groupby("seed")["score"].mean()
    np.testing.assert_allclose(stratum[0], mine)
    alone = samples(claim(test="one_sample", variants="all"), shared).strata
    assert [len(sample) for (sample,) in alone] == [8, 8]


def test_other_code_is_not_paired(frames: Frames):
    near = planted(frames, 0.05)
    ((first, *_),) = samples(claim(tasks=["cartpole-balance"]), near).strata
    foreign = dataclasses.replace(near.manifest.variants["stabilised"], base=None)
    variants = {**near.manifest.variants, "stabilised": foreign}
    manifest = dataclasses.replace(near.manifest, variants=variants)
    apart = samples(claim(tasks=["cartpole-balance"]), dataclasses.replace(near, manifest=manifest))
    assert [len(stratum) for stratum in apart.strata] == [2]
    assert first.mean() == pytest.approx(np.subtract(*apart.strata[0]).mean())


def test_a_diverged_run_is_named_and_no_seed_is_dropped(frames: Frames):
    found = verdict(lost(planted(frames, 0.2)))
    assert found["n"] == 6
    assert found["note"].startswith(
        "1 of 24 runs diverged: stabilised on cartpole-balance (seed 0)"
    )


def test_times_of_several_kinds_of_processor_are_noted(frames: Frames):
    first = frames.runs.index[0]
    task, seed = frames.runs.loc[first, ["task", "seed"]]
    machine = json.dumps({"cpu": "another"})
    runs = frames.runs.assign(
        machine=frames.runs["machine"].where(frames.runs.index != first, machine),
        ms_per_update=np.linspace(1.0, 2.0, len(frames.runs)),
    )
    made = dataclasses.replace(frames, runs=runs)
    asked = claim(metric="log2_ms_per_update", tasks=[task], variants=["stable_dual", "paper"])
    note = f"times of several kinds of processor are compared: {task} (seed {seed})"
    assert samples(asked, made).notes == [note]
    same = dataclasses.replace(made, runs=runs.assign(machine=machine))
    assert samples(asked, same).notes == []


def test_a_metric_that_a_diverged_run_lacks_is_not_judged(frames: Frames):
    made = lost(frames)
    found = verdict(made, metric="temperature_decades")
    assert (found["verdict"], found["p"]) == ("undecided", pytest.approx(np.nan, nan_ok=True))
    assert "not judged: 2 of 12 runs have no temperature_decades" in found["note"]
    line = shown(judge([claim(metric="temperature_decades")], made, None)).iloc[0]
    assert (line["seeds to decide"], line["effect"], line["n"]) == ("–", "–", "–")
    rows = METRICS["drawdown"](made)
    mine = rows[(rows["variant"] == "stabilised") & (rows["task"] == "cartpole-balance")]
    finished = rows[(rows["task"] == "cartpole-balance")]["value"]
    assert mine.set_index("seed")["value"][0] == pytest.approx(finished.max())


def test_clumps_are_seen_and_said(frames: Frames):
    even = np.random.default_rng(0).normal(0.5, 0.05, 10)
    split = np.where(np.arange(10) < 3, 0.1, 0.8) + np.linspace(0, 0.05, 10)
    assert clumped([even, split]) == [1]
    assert clumped([even, even]) == clumped([np.array([0.1, 0.8])]) == []
    near = planted(frames, 0.0, seeds=10)
    fails = (near.scores["variant"] == "paper") & (near.scores["seed"] < 3)
    worse = near.scores.assign(score=near.scores["score"].where(~fails, 0.0))
    found = verdict(dataclasses.replace(near, scores=worse), tasks=["cartpole-balance"])
    assert "in two clumps: paper on cartpole-balance" in found["note"]
    assert "err at up to 0.21, not 0.05" in found["note"]
    assert "clumps" not in verdict(near)["note"]


@pytest.mark.parametrize(("n", "failing"), [(3, 0.37), (10, 0.94)])
def test_clumps_are_seen_where_runs_fail_and_seldom_elsewhere(n, failing):
    """As docs/statistics.md has it; 500 claims of two groups, steady ones and such as fail."""
    generator = np.random.default_rng(n)
    steady = generator.normal(0.5, 0.05, (500, 2, n))
    assert np.mean([bool(clumped([*pair])) for pair in steady]) < 0.1
    steady[:, 1] -= 0.6 * (generator.random((500, n)) < 0.25)
    found = np.mean([bool(clumped([*pair])) for pair in steady])
    assert found == pytest.approx(failing, abs=0.07)
