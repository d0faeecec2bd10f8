"""Tables: what they hold, how cells read, and that the files are the same each time."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.inventory import inventory
from mpo.evaluation.reading.load import load
from mpo.evaluation.showing import tables
from mpo.evaluation.showing.captions import said_coverage
from mpo.evaluation.showing.tables import aggregate, by_task, cost, falls, pairs, ranks, runs
from mpo.evaluation.showing.tables.cells import integer, interval, number
from tests.evaluation.showing.drawn import MADE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.123"),
        (0.5, "0.500"),
        (12.345, "12.3"),
        (987.6, "988"),
        (123456.7, "123,457"),
        (-3.14159, "-3.14"),
        (0, "0"),
        (1.5e-7, "1.50e-07"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


def test_an_interval_is_shown_where_there_is_one():
    rows = pd.DataFrame(
        {
            "n": 5,
            "metric": ["a", "b"],
            "value": [0.5, 2.0],
            "low": [0.25, math.nan],
            "high": [1, math.nan],
        }
    )
    assert interval(rows, "a") == "0.500 [0.250, 1.00]"
    assert interval(rows, "b") == "2.00"
    assert integer(1234.0) == "1,234"


def test_markdown_aligns_numbers_right_and_escapes_bars():
    frame = pd.DataFrame({"a|b": ["x|y", "z"], "n": ["1", "> 2"], "none": ["–", "3.1 [2, 4]"]})
    assert tables.markdown(frame.rename(columns={"a|b": "a"})) == (
        "| a | n | none |\n| --- | ---: | ---: |\n| x\\|y | 1 | – |\n| z | > 2 | 3.1 [2, 4] |\n"
    )


@pytest.mark.parametrize("cells", [["1.5e-05", "0.058"], ["-2.00e-07 [-3.1e-07, 0]", "1e+06"]])
def test_numbers_with_exponents_stand_to_the_right(cells):
    assert "| ---: |" in tables.markdown(pd.DataFrame({"p": cells}))
    worded = pd.DataFrame({"p": [*cells, "1e of three"]})
    assert "| --- |" in tables.markdown(worded)


def test_the_tables_are_found_by_their_files():
    assert tables.names() == [
        *("aggregate", "by_task", "cost", "falls", "pairs", "printed", "published"),
        *("ranks", "runs"),
    ]
    with pytest.raises(ValueError, match="table 'none' is not known"):
        tables.module("none")


def test_by_task_has_a_row_a_task_and_variant_and_counts_diverged_runs(frames: Frames):
    shown = by_task.shown(frames)
    assert len(shown) == 6
    row = shown[(shown["task"] == "acrobot-swingup") & (shown["variant"] == "paper")].iloc[0]
    assert row["diverged"] == "1"
    assert row["n"] == "3"
    assert row["range"].startswith("40.0 to ")
    assert row["reached"] == "0 of 3"
    assert row["steps to threshold"] == ">= 20,000"
    lost = by_task.table(frames)
    lost = lost[lost["metric"] == "diverged"]
    assert lost["value"].sum() == 1
    assert list(lost.columns) == ["metric", "task", "variant", "n", "value", "low", "high"]


def test_falls_are_counted_once_the_threshold_was_reached(frames: Frames):
    """A run that rises to 0.9, falls to 0.7 (less than 0.8 of it), and comes back to 0.8."""
    task, variant, seed = "cartpole-balance", "paper", 0
    task_threshold = frames.manifest.tasks[task].threshold
    scores = [0.1, 0.95 * task_threshold, task_threshold, 1.0, 0.79, 0.81]
    curve = pd.DataFrame({"step": range(100, 700, 100), "score": scores})
    curve = curve.assign(study="s", task=task, variant=variant, seed=seed)
    at = frames.scores
    mine = (at["task"] == task) & (at["variant"] == variant) & (at["seed"] == seed)
    changed = frames.scores.assign(
        steps_to_threshold=frames.scores["steps_to_threshold"].mask(mine, 300),
        censored=frames.scores["censored"].mask(mine, False),
    )
    runs = frames.runs.assign(cpu_s=60.0, steps=600)
    planted = dataclasses.replace(frames, curves=curve, scores=changed, runs=runs)
    row = falls.table(planted)[mine.to_numpy()].iloc[0]
    assert row[["steps", "core_s", "after", "falls"]].tolist() == [300, 30, 3, 1]
    assert row["area"] == changed.loc[mine, "area"].item()
    shown = falls.shown(planted)
    cells = shown[(shown["task"] == task) & (shown["variant"] == variant)].iloc[0]
    assert cells["falls"] == "1 of 3 (33 %)"
    assert cells["steps to threshold"].startswith("300, ")
    lost = dataclasses.replace(planted, scores=changed.assign(censored=True))
    counts = falls.table(lost)[["steps", "after", "falls"]].sum()
    assert counts.tolist() == [0, 0, 0], "of a run that diverged what follows is made up"


def test_times_to_the_threshold_stand_in_the_study_s_order_of_seeds(frames: Frames):
    order = [2, 0, 1]
    steps = frames.scores["seed"].map({seed: 1000 * seed + 500 for seed in order})
    planted = dataclasses.replace(
        frames,
        manifest=dataclasses.replace(frames.manifest, seeds=order),
        scores=frames.scores.assign(steps_to_threshold=steps, censored=False),
    )
    assert set(falls.shown(planted)["steps to threshold"]) == {"2,500, 500, 1,500"}


@pytest.mark.parametrize(
    ("timed", "said"),
    [
        ([True, False, False], "1 of 3 runs says that it took 1.00 core-hours."),
        ([True, True, False], "2 of 3 runs say that they took 2.00 core-hours."),
        ([True, True], "All 2 runs took 2.00 core-hours."),
        ([True], "1 run took 1.00 core-hours."),
    ],
)
def test_hours_are_those_of_the_runs_that_say_them(frames: Frames, timed, said):
    rows = frames.runs.head(len(timed))
    runs_told = rows.assign(cpu_s=[3600.0 if each else math.nan for each in timed])
    assert said in cost.caption(dataclasses.replace(frames, runs=runs_told))


def test_a_lone_run_that_diverged_is_one_run(frames: Frames):
    lone = dataclasses.replace(frames, scores=frames.scores.head(1).assign(status="diverged"))
    assert runs.caption(lone).startswith("1 of 1 run diverged (1 of ")


def test_of_two_runs_nobody_has_simulated_how_often_intervals_hold_the_truth(frames: Frames):
    two = dataclasses.replace(
        frames, by_task=frames.by_task.assign(n=2), aggregate=frames.aggregate.assign(n=2)
    )
    why = "of fewer than three runs, how often they hold the truth is not known."
    for said in (by_task.caption(two), aggregate.caption(two), ranks.caption(two)):
        assert said.endswith(
            f". †: such intervals may hold the truth in far fewer than 0.95 of studies: {why}"
        )
        assert "simulated" not in said
    mixed = dataclasses.replace(two, by_task=frames.by_task)
    said = said_coverage(mixed, ["iqm"], {1, 2})
    assert said.endswith(f" held the truth in 0.74 of simulated studies, not 0.95; {why}")
    assert said_coverage(frames, ["iqm"]).endswith("in 0.74 of simulated studies, not 0.95.")


def test_aggregate_names_the_base_that_a_variant_is_compared_with(frames: Frames):
    shown = aggregate.shown(frames).set_index("variant")
    assert shown.loc["paper", "P(better than base)"] == "–"
    assert str(shown.loc["stabilised", "P(better than base)"]).endswith("]† over stable_dual")
    assert set(shown["n"]) == {"3"}
    empty = dataclasses.replace(frames, improvement=frames.improvement.head(0))
    assert set(aggregate.shown(empty)["P(better than base)"]) == {"–"}


def test_cost_is_beside_the_base_and_leaves_out_the_first_interval(frames: Frames):
    table = cost.table(frames).set_index(["task", "variant"])
    times = table["ms_per_update"]
    slower = times["cartpole-balance", "stable_dual"] / times["cartpole-balance", "paper"]
    assert table["ms_relative"]["cartpole-balance", "stable_dual"] == pytest.approx(slower)
    assert table["updates_per_s"].iloc[0] == pytest.approx(1000 / times.iloc[0])
    assert math.isnan(table["ms_relative"]["cartpole-balance", "paper"])
    assert table["core_hours"].sum() == pytest.approx(frames.runs["cpu_s"].sum() / 3600)
    assert cost.shown(frames)["times the base"].tolist()[0] == "–"


def test_the_inventory_says_where_and_why_a_run_diverged(frames: Frames):
    shown = runs.shown(frames)
    assert len(shown) == 18
    assert shown["status"].tolist().count("completed") == 17
    assert "diverged at step 4,500: loss_critic, update" in set(shown["status"])
    assert set(shown["commit"]) == {"`01234567`"}
    wordless = {f"divergence_{part}": math.nan for part in ("step", "what", "where")}
    hand = dataclasses.replace(frames, runs=frames.runs.assign(**wordless))
    assert set(runs.shown(hand)["status"]) == {"completed", "diverged"}
    dirty = dataclasses.replace(frames, runs=frames.runs.assign(dirty=True))
    assert set(runs.shown(dirty)["commit"]) == {"`01234567`+"}


def test_a_run_without_an_update_has_no_time_of_one(study_dir: Path):
    study = load(study_dir)
    none = dataclasses.replace(study, timing=study.timing.assign(updates=0))
    assert inventory(none)["ms_per_update"].isna().all()
    assert inventory(study)["ms_per_update"].notna().all()


def test_the_time_of_an_update_is_that_of_quiet_intervals_but_the_first(study_dir: Path):
    """10 updates in 9 s, which compile; then ten intervals of 10 at 10 to 100 ms an update."""
    study = load(study_dir)
    first = study.timing.drop_duplicates(["task", "variant", "seed"])
    seconds = 9.0 + np.cumsum([0.0, *np.arange(10, 101, 10) / 100])
    rows = pd.concat(
        first.assign(updates=10 * (count + 1), update_s=spent)
        for count, spent in enumerate(seconds)
    )
    found = inventory(dataclasses.replace(study, timing=rows))
    assert found["ms_per_update"].to_numpy() == pytest.approx(19.0)
    assert found["update_s"].to_numpy() == pytest.approx(9.0 + 5.5)


def test_a_run_of_the_interval_that_compiles_alone_has_no_time_of_an_update(study_dir: Path):
    study = load(study_dir)
    first = study.timing.groupby(["task", "variant", "seed"], sort=False).head(1)
    assert (first["updates"] > 0).all()
    cut = dataclasses.replace(study, timing=first)
    assert inventory(cut)["ms_per_update"].isna().all()
    assert inventory(cut)["update_s"].notna().all()


def test_a_pause_of_the_machine_is_no_cost_of_the_update(made):
    study = load(made(seeds=[0]))
    rows = study.timing.groupby("variant", sort=False)
    assert (rows.size() >= 4).all()
    late = (study.timing.index >= study.timing.index[2]) & (study.timing["variant"] == "paper")
    paused = study.timing.assign(update_s=study.timing["update_s"] + 1000.0 * late)
    before = inventory(study)["ms_per_update"]
    after = inventory(dataclasses.replace(study, timing=paused))["ms_per_update"]
    pd.testing.assert_series_equal(after, before, rtol=0.2)


def test_load_through_most_of_a_run_is_no_cost_of_the_update(study_dir: Path):
    """Nineteen intervals of 10 updates, every third of them in a tenth of the others' time."""
    study = load(study_dir)
    first = study.timing.drop_duplicates(["task", "variant", "seed"])
    spent = np.cumsum([0.1 if count % 3 == 0 else 1.0 for count in range(20)])
    rows = pd.concat(
        first.assign(updates=10 * (count + 1), update_s=seconds)
        for count, seconds in enumerate(spent)
    )
    found = inventory(dataclasses.replace(study, timing=rows))
    assert found["ms_per_update"].to_numpy() == pytest.approx(10.0)


def test_runs_of_ones_own_code_need_no_counters(frames: Frames):
    columns = ["steps", "updates", "attempts", "wall_s", "cpu_s", "ms_per_update", "commit"]
    bare = frames.runs.assign(**dict.fromkeys(columns, math.nan))
    without = dataclasses.replace(frames, runs=bare)
    assert set(runs.shown(without)["updates"]) == {"–"}
    assert set(cost.shown(without)["updates/s"]) == {"–"}


def test_a_run_too_short_for_the_clock_has_a_cost_all_the_same(frames: Frames, tmp_path):
    columns = [str(name) for name in frames.runs if str(name).endswith("_s")]
    still = frames.runs.assign(**dict.fromkeys([*columns, "ms_per_update"], 0.0))
    without = dataclasses.replace(frames, runs=still)
    shown = cost.shown(without)
    for name in ("updates/s", "update", "environment", "evaluation"):
        assert set(shown[name]) == {"–"}
    tables.write("cost", without, tmp_path)
    assert "inf" not in (tmp_path / "cost.md").read_text()


@pytest.mark.parametrize("name", MADE)
def test_files_are_the_same_each_time(frames: Frames, tmp_path, name):
    for folder in ("first", "second"):
        tables.write(name, frames, tmp_path / folder)
    for kind in ("csv", "md"):
        first = (tmp_path / "first" / f"{name}.{kind}").read_bytes()
        assert first == (tmp_path / "second" / f"{name}.{kind}").read_bytes()
        assert b"\r" not in first
    assert tables.caption(name, frames).endswith(".")


def test_published_scores_stand_beside_ours_at_the_same_steps(frames: Frames):
    """SAC at 10,000 steps, where the study's budget ends, and at more than it has."""
    theirs = pd.DataFrame(
        {
            "task": ["cartpole-balance"] * 4,
            "algorithm": ["SAC"] * 4,
            "source": ["one", "another", "a third", "a fourth"],
            "steps": [4_100, 10_000, 1_000_000, 10_000],
            "n": [3, 5, 5, 5],
            "return": [800.0, 300.0, 999.0, 400.0],
            "low": [700.0, math.nan, math.nan, math.nan],
            "high": [900.0, math.nan, math.nan, math.nan],
            "deviation": [math.nan, 17.6, math.nan, math.nan],
        }
    )
    found = tables.module("published").table(dataclasses.replace(frames, published=theirs))
    assert set(found["task"]) == {"cartpole-balance"}
    assert found["matched"].tolist()[:3] == [True, True, False]
    ours = found[found["source"] == "this study"]
    assert sorted(set(ours["steps"])) == [4_000, 10_000]
    assert ours["matched"].all()
    rows = frames.curve_estimates
    rows = rows[(rows["metric"] == "return_iqm") & (rows["task"] == "cartpole-balance")]
    values = {
        (step, f"MPO, {variant}"): value
        for step, variant, value in zip(rows["step"], rows["variant"], rows["value"], strict=True)
    }
    for row in ours.to_dict("records"):
        assert row["return"] == values[row["steps"], row["algorithm"]]
    cells = tables.module("published").shown(dataclasses.replace(frames, published=theirs))
    assert cells["return"].tolist()[:3] == ["800 [700, 900]", "300 ± 17.6", "999"]
    said = tables.caption("published", dataclasses.replace(frames, published=theirs))
    assert "SAC, is at 300 in one codebase and at 400 in another on cartpole-balance" in said
    lone = theirs.head(3)  # no two of which are after as many steps
    said = tables.caption("published", dataclasses.replace(frames, published=lone))
    assert "They are of other algorithms, and weak evidence. n = 3 runs" in said
    assert "No scores of this study's tasks" not in said


def test_a_study_of_tasks_that_nobody_published_says_so(frames: Frames):
    none = dataclasses.replace(frames, published=frames.published.head(0))
    assert tables.module("published").table(none).empty
    assert "No scores of this study's tasks are in the list" in tables.caption("published", none)


def test_ranks_are_those_of_each_task_and_seed(frames: Frames):
    rows = ranks.table(frames)
    scores = frames.scores.assign(
        rank=frames.scores.groupby(["task", "seed"])["score"].rank(ascending=False)
    )
    means = scores.groupby("variant")["rank"].mean()
    over = rows[rows["task"] == "all"].set_index("variant")
    pd.testing.assert_series_equal(over["value"], means[over.index], check_names=False)
    assert over["value"].mean() == pytest.approx((1 + len(means)) / 2)
    spread = scores.groupby(["variant", "task"])["rank"].std().groupby("variant").max()
    some = over[spread[over.index] > 0]
    assert len(some) and over["low"].notna().sum() == len(some), "without spread no interval"
    assert (some["low"] < some["value"]).all() and (some["value"] < some["high"]).all()
    assert over["low"].min() >= 1 and over["high"].max() <= len(means)
    order = list(ranks.shown(frames)["variant"])
    assert order == list(over["value"].sort_values(kind="stable").index)
    some = frames.scores[(frames.scores["seed"] > 0) | (frames.scores["variant"] != "paper")]
    fewer = ranks.table(dataclasses.replace(frames, scores=some))
    both = ranks.table(dataclasses.replace(frames, scores=some[some["seed"] > 0]))
    pd.testing.assert_frame_equal(fewer, both)


def test_of_two_variants_one_is_above_or_the_other(frames: Frames):
    rows = pairs.table(frames).set_index(["variant", "other"])["value"]
    assert len(rows) == 3 * 2
    for one, other in rows.index:
        assert rows[one, other] + rows[other, one] == pytest.approx(1)
    above = frames.improvement[frames.improvement["task"] == "all"]
    for row in above.to_dict("records"):
        assert rows[row["variant"], row["base"]] == pytest.approx(row["value"], rel=1e-5)
    cells = pairs.shown(frames).set_index("P(row above column)")
    assert list(cells.index) == list(cells.columns[1:]) == list(frames.manifest.variants)
    assert {cells.loc[name, name] for name in cells.index} == {"–"}
    assert cells.loc["stable_dual", "paper"] == f"{rows['stable_dual', 'paper']:.2f}"
