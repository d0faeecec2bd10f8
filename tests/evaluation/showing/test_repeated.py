"""A study beside the one that it trains again."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mpo.evaluation.claims import claims_of
from mpo.evaluation.estimating.repetition import by_chance, differences
from mpo.evaluation.reading.load import load
from mpo.evaluation.reading.pair import Side, alike, equal_runs, read_side, unlike
from mpo.evaluation.showing import repeated
from mpo.evaluation.showing.claims.files import write as judge
from tests.evaluation.conftest import compute

CLAIMS = {
    "steadier": {
        "statement": "stable_dual ends higher",
        "source": "made up",
        "test": "two_sample",
        "metric": "score",
        "variants": ["stable_dual", "paper"],
        "tasks": "all",
        "direction": "greater",
        "margin": 0,
        "family": "one",
    }
}


@pytest.fixture
def there(made) -> Path:
    """A study with frames, judged claims and stand-ins for the policies, which are not shipped."""
    folder = made(seeds=[0, 1, 2])
    for run in folder.glob("runs/*/*/*"):
        (run / "policy.safetensors").write_bytes(b"policy")
    compute(folder, load(folder))
    judge(claims_of(CLAIMS), folder)
    return folder


@pytest.fixture
def here(there: Path, tmp_path: Path) -> Path:
    """The same again, in another folder."""
    return Path(shutil.copytree(there, tmp_path / "again"))


def edit(path: Path, change) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_the_same_study_is_the_same(here: Path, there: Path) -> None:
    repeated.make(here, there)
    text = (here / repeated.SECTION).read_text()
    assert "- 1 of 1 verdict is the same." in text
    assert "- 0 of 2 means of a task and variant differ by more than their interval" in text
    assert "Of 6 runs trained again on the same kind of processor 6 came out equal" in text
    assert all((here / name).exists() for name in repeated.FILES)
    assert not (here / "failures").exists()


def test_a_run_with_other_bytes_or_of_another_machine_is_told(here: Path, there: Path) -> None:
    first, second = sorted(here.glob("runs/*/paper/*"))[:2]
    with (first / "evaluations.csv").open("a") as file:
        file.write("\n")
    edit(second / "run.json", lambda run: run["machine"].update(cpu="another"))
    rows = equal_runs(read_side(here), read_side(there))
    paper = rows[rows["variant"] == "paper"]
    assert paper["same_machine"].tolist() == [True, False, True]
    assert paper["equal"].tolist() == [False, True, True]
    assert rows["equal"].sum() == 5


def test_other_settings_or_budgets_are_not_compared(here: Path, there: Path) -> None:
    runs = pd.read_csv(there / "runs.csv")
    mine = runs["variant"] == "stable_dual"
    runs.loc[mine, "settings"] = json.dumps({"epsilon": 0.2})
    runs.to_csv(there / "runs.csv", index=False)
    sides = read_side(here), read_side(there)
    assert alike(*sides) == [("cartpole-balance", "paper")]
    assert unlike(*sides) == [("cartpole-balance", "stable_dual")]
    assert "`stable_dual` on cartpole-balance" in _made(here, there)
    edit(there / "manifest.json", lambda asked: asked["tasks"]["cartpole-balance"].update(steps=7))
    assert _made(here, there).startswith("There is no section `reproduced`: ")


def _made(here: Path, there: Path) -> str:
    repeated.make(here, there)
    return (here / repeated.SECTION).read_text()


def test_a_verdict_on_other_tasks_is_counted_apart(here: Path, there: Path) -> None:
    rows = pd.read_csv(there / "tables/claims.csv")
    rows.assign(where="cartpole-balance, hopper-stand").to_csv(
        there / "tables/claims.csv", index=False
    )
    text = _made(here, there)
    assert "- 1 of 1 verdict on other tasks or variants there is the same." in text
    assert "are the same." not in text
    table = pd.read_csv(here / f"tables/{repeated.CLAIMS}.csv")
    assert (table["alike"].tolist(), table["same"].tolist()) == ([False], [True])


def test_scores_by_ranges_of_the_runs_own_are_compared_by_one(here: Path, there: Path) -> None:
    """The best run ended at 1,000 here and at 500 there; returns are 50 lower there."""
    for folder, best, less in ((here, 1000.0, 0.0), (there, 500.0, 50.0)):
        task = {"score_range": None, "reference": "", "random_return": 0.0}
        edit(
            folder / "manifest.json",
            lambda asked, task=task: asked["tasks"]["cartpole-balance"].update(task),
        )
        scales = pd.DataFrame([("cartpole-balance", 0.0, best, "relative: best")])
        scales.columns = ["task", "low", "high", "reference"]
        scales.to_csv(folder / "scales.csv", index=False)
        rows = pd.read_csv(folder / "scores.csv")
        rows["return_mean"] -= less
        rows.assign(score=rows["return_mean"] / best).to_csv(folder / "scores.csv", index=False)
    found = differences(read_side(here), read_side(there))
    assert len(found) == 2
    assert found["difference"].to_numpy() == pytest.approx(0.05)


def test_seeds_of_their_own_are_independent_runs(here: Path, there: Path) -> None:
    """With another study seed no run has a twin, and the interval is Welch's."""
    edit(here / "manifest.json", lambda asked: asked.update(study_seed=8))
    mine, theirs = read_side(here), read_side(there)
    assert equal_runs(mine, theirs).empty
    row = differences(mine, theirs).iloc[0]
    rows = mine.scores[mine.scores["variant"] == row["variant"]]
    scores = rows["score"].to_numpy(dtype=float)
    error = np.sqrt(2 * scores.var(ddof=1) / len(scores))
    assert row["low"] < -2.7 * error < 0 < 2.7 * error < row["high"]  # t of 4: 2.776
    assert "with other seeds: study seed 8 here, 7 there" in _made(here, there)


def test_the_seeds_that_both_have_are_pairs(there: Path, made, tmp_path: Path) -> None:
    fewer = Path(shutil.copytree(there, tmp_path / "fewer"))
    edit(fewer / "manifest.json", lambda asked: asked.update(seeds=[0, 1]))
    scores = pd.read_csv(fewer / "scores.csv")
    scores = scores[scores["seed"] < 2].assign(score=lambda rows: rows["score"] - 0.1)
    scores.to_csv(fewer / "scores.csv", index=False)
    found = differences(read_side(there), read_side(fewer))
    assert (found["n"].tolist(), found["n_there"].tolist()) == ([3, 3], [2, 2])
    assert found["difference"].to_numpy() == pytest.approx(0.1)
    assert found["outside"].all(), "all pairs differ alike"
    repeated.make(there, fewer)
    text = (there / repeated.SECTION).read_text()
    assert "with 2 seeds in common: study seed 7 here, 7 there" in text
    assert "seed by seed of those in common" in text


def test_one_run_of_each_is_shown_and_not_judged(here: Path, there: Path) -> None:
    for folder in (here, there):
        scores = pd.read_csv(folder / "scores.csv")
        scores[scores["seed"] == 0].to_csv(folder / "scores.csv", index=False)
    edit_scores = pd.read_csv(here / "scores.csv")
    edit_scores.assign(score=edit_scores["score"] + 0.1).to_csv(here / "scores.csv", index=False)
    found = differences(read_side(here), read_side(there))
    assert found["difference"].to_numpy() == pytest.approx(0.1)
    assert not found["judged"].any()
    assert not found["outside"].any()
    assert "differ by more" not in _made(here, there)


def test_as_many_by_chance_is_the_binomial_tail() -> None:
    for outside, compared in ((0, 40), (1, 40), (3, 40), (40, 40)):
        expected = stats.binomtest(outside, compared, 0.05, "greater").pvalue
        assert by_chance(outside, compared) == pytest.approx(expected)


@pytest.mark.parametrize("same_seeds", [True, False])
def test_of_equal_truths_one_in_twenty_lies_outside(
    there: Path, same_seeds: bool, tmp_path: Path
) -> None:
    """1,000 tasks with six normal runs of one mean in either study; then with shifted means."""
    side = read_side(there)
    counts = []
    for shift in (0.0, 3.0):
        one, two = (_planted(side, seed, seed * shift, same_seeds) for seed in (0, 1))
        outside = int(differences(one, two)["outside"].sum())
        counts.append(outside)
    assert 25 <= counts[0] <= 75  # 50, less or more by 3.6 deviations
    assert by_chance(counts[0], 1000) > 1e-3
    assert counts[1] > 900


def _planted(side: Side, number: int, shift: float, same_seeds: bool) -> Side:
    tasks, seeds = [f"t{place}" for place in range(1000)], range(6)
    task = side.manifest.tasks["cartpole-balance"]
    manifest = side.manifest.__class__(
        **{
            **vars(side.manifest),
            "study_seed": 7 if same_seeds else number,
            "tasks": {name: dataclasses.replace(task, name=name) for name in tasks},
        }
    )
    draws = np.random.default_rng(number).normal(shift, 1.0, (len(tasks), len(seeds)))
    keys = pd.MultiIndex.from_product([tasks, seeds], names=["task", "seed"]).to_frame(index=False)
    scores = keys.assign(variant="paper", score=draws.ravel())
    runs = pd.DataFrame({"task": tasks, "variant": "paper", "settings": "{}"})
    return Side(side.folder, manifest, scores, runs)
