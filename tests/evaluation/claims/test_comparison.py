"""`compare` and `power`: against numbers by hand, planted effects, and the command line."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mpo.__main__ import main
from mpo.evaluation.claims.comparison import compare, compare_all, power
from mpo.evaluation.claims.sizes import MOST_RUNS, Needed, runs_needed
from mpo.evaluation.estimating.contrasts import Contrast, contrast
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL, read_manifest
from mpo.evaluation.showing.comparison import answer, said_all
from mpo.evaluation.showing.comparison import shown as told
from mpo.evaluation.showing.tables.cells import NOTHING

SEEDS = list(range(8))


@pytest.fixture
def planted(frames: Frames):
    """Frames of two tasks and eight seeds in which the score of a variant is given."""

    def make(**scores: np.ndarray) -> Frames:
        manifest = frames.manifest
        some = manifest.variants["paper"]
        chosen = {name: manifest.variants.get(name, some) for name in scores}
        rows = frames.scores.iloc[:0].copy()
        for variant, values in scores.items():
            for task, column in zip(manifest.tasks, values.T, strict=True):
                for seed, score in zip(SEEDS, column, strict=True):
                    row = {"task": task, "variant": variant, "seed": seed, "score": score}
                    row["status"] = "completed"
                    rows.loc[len(rows), list(row)] = list(row.values())
        changed = dataclasses.replace(manifest, variants=chosen, seeds=SEEDS)
        return dataclasses.replace(frames, manifest=changed, scores=rows)

    return make


def drawn(mean: float, deviation: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, deviation, (len(SEEDS), 2))


def test_the_effect_is_the_difference_of_means_and_turns_with_the_order(planted):
    first, second = drawn(0.5, 0.1, 1), drawn(0.4, 0.1, 2)
    frames = planted(paper=first, stabilised=second)
    rows = compare(frames, "paper", "stabilised").set_index("task")
    turned = compare(frames, "stabilised", "paper").set_index("task")
    assert list(rows.index) == [ALL, *frames.manifest.tasks]
    assert rows.loc[ALL, "effect"] == pytest.approx(first.mean() - second.mean())
    for place, task in enumerate(frames.manifest.tasks):
        alone = stats.ttest_rel(first[:, place], second[:, place])
        pairs = contrast([(first[:, place] - second[:, place],)])
        assert rows.loc[task, "p"] == pytest.approx(2 * min(pairs.tails(0.0)))
        assert rows.loc[task, "p"] >= alone.pvalue * (1 - 1e-9)
        assert rows.loc[task, "low"] == pytest.approx(pairs.interval()[0])
    np.testing.assert_allclose(rows["effect"], -turned["effect"])
    each = rows["p"][1:]
    assert rows["p_adjusted"].iloc[0] == rows["p"].iloc[0]
    assert rows["p_adjusted"][1:].min() == pytest.approx(min(1, 2 * each.min())), "by Holm"


@pytest.mark.parametrize(
    ("shift", "word"), [(0.4, "Greater: over 2 tasks"), (-0.4, "Less: over"), (0.0, "Undecided")]
)
def test_a_planted_effect_is_found_and_a_planted_null_is_not(planted, shift, word):
    frames = planted(paper=drawn(0.5 + shift, 0.1, 1), stabilised=drawn(0.5, 0.1, 2))
    text = answer(compare(frames, "paper", "stabilised"))
    assert text.startswith(word)
    assert "n = 8 a task" in text
    assert "the mean difference of score (paper - stabilised) is " in text
    assert "more score" not in text and "beyond the margin" not in text
    assert text.endswith(
        "single tasks are corrected for their number, by Holm; the intervals are not."
    )
    assert ("Seeds that would decide" in text) == (shift == 0)


def test_a_margin_asks_for_more_or_for_less(planted):
    frames = planted(paper=drawn(0.8, 0.02, 1), stabilised=drawn(0.5, 0.02, 2))
    for margin, word in [(0.1, "Greater by more than 0.1"), (0.5, "Within 0.5")]:
        text = answer(compare(frames, "paper", "stabilised", margin=margin))
        assert text.startswith(f"{word}: "), text
        assert "beyond the margin with probability" in text


def test_metric_and_tasks_can_be_chosen(planted, frames: Frames):
    made = planted(paper=drawn(0.5, 0.1, 1), stabilised=drawn(0.4, 0.1, 2))
    task = next(iter(made.manifest.tasks))
    rows = compare(made, "paper", "stabilised", tasks=[task])
    assert rows["where"].tolist() == rows["task"].tolist() == [task]
    assert told(rows)["task"].tolist() == [task]
    text = answer(rows)
    assert f": on {task} the mean difference of score" in text
    assert "single tasks" not in text, "there are none"
    both = compare(made, "paper", "stabilised", tasks=[*made.manifest.tasks][::-1])
    assert both["task"].iloc[0] == ALL
    more = dataclasses.replace(made.manifest.tasks[task], name="walk")
    tasks = {**made.manifest.tasks, "walk": more}
    wide = dataclasses.replace(made, manifest=dataclasses.replace(made.manifest, tasks=tasks))
    some = compare(wide, "paper", "stabilised", tasks=[*made.manifest.tasks])
    assert told(some)["task"][0] == ", ".join(made.manifest.tasks)
    pd.testing.assert_frame_equal(compare(made, "paper", "stabilised", tasks=[task] * 2), rows)
    assert compare(frames, "stable_dual", "paper", "area")["metric"].unique().tolist() == ["area"]


def test_all_pairs_are_a_family(planted):
    frames = planted(
        paper=drawn(0.5, 0.1, 1), huber=drawn(0.5, 0.1, 2), stabilised=drawn(0.7, 0.1, 3)
    )
    rows = compare_all(frames).set_index("claim")
    pairs = ["huber - paper", "stabilised - paper", "stabilised - huber"]
    assert list(rows.index) == pairs
    assert rows["p_adjusted"].min() == pytest.approx(min(1, 3 * rows["p"].min()))
    assert rows["verdict"].tolist() == ["undecided", "supported", "supported"]


def test_what_the_pairs_are_is_said(planted):
    """Which tasks, and that p are corrected and intervals are not, where there are several."""
    frames = planted(
        paper=drawn(0.5, 0.1, 1), huber=drawn(0.5, 0.1, 2), stabilised=drawn(0.7, 0.1, 3)
    )
    text, (first, second) = said_all(compare_all(frames)), frames.manifest.tasks
    assert text == (
        f"All 3 pairs, over 2 tasks ({first} and {second}); p by stratified t, two-sided, verdicts "
        "at 0.05. The p of pairs are corrected for their number, by Holm; the intervals are not."
    )
    two = planted(paper=drawn(0.5, 0.1, 1), huber=drawn(0.5, 0.1, 2))
    text = said_all(compare_all(two, tasks=[first]))
    assert text == f"1 pair, on {first}; p by stratified t, two-sided, verdicts at 0.05."


def test_a_run_that_diverged_is_named(frames: Frames):
    rows = compare(frames, "stable_dual", "paper")
    assert "1 of 12 runs diverged: paper on acrobot-swingup (seed 1)" in answer(rows)


def test_one_seed_says_so(frames: Frames):
    few = dataclasses.replace(
        frames,
        manifest=dataclasses.replace(frames.manifest, seeds=[0]),
        scores=frames.scores[frames.scores["seed"] == 0],
    )
    assert "One run gives no p below 1" in answer(compare(few, "paper", "stabilised"))


def test_the_seeds_that_power_names_show_the_effect_as_often_as_it_says(planted):
    """0.8 by design; the paired t at that n, on draws of that spread."""
    effect = 0.12
    first, second = drawn(0.5, 0.1, 5), drawn(0.5, 0.1, 6)
    frames = planted(paper=first, stabilised=second)
    row = power(frames, [effect], ("paper", "stabilised")).iloc[0]
    n, least, most = map(int, re.findall(r"\d+", row["all tasks"]))
    assert least <= n <= most
    spread = (first - second).std(axis=0, ddof=1)
    draws = np.random.default_rng(0).normal(effect, spread[:, None, None], (2, 4000, n))
    above, below = contrast([(task,) for task in draws]).tails(0.0)
    assert np.mean(2 * np.minimum(above, below) <= 0.05) == pytest.approx(0.82, abs=0.07)


def test_the_range_of_the_seeds_holds_the_truth_in_four_of_five_studies():
    """Pilots of four seeds on two tasks; the truth is what the true spread needs."""
    generator, distance = np.random.default_rng(3), 0.08
    truth = Contrast(np.array(0.0), np.array(0.1 / 8**0.5), np.array(6.0))
    expected = runs_needed(truth, 4, distance, 0.05).runs or MOST_RUNS
    held = 0
    for _ in range(300):
        pilot = contrast([(task,) for task in generator.normal(0, 0.1, (2, 4))])
        found = runs_needed(pilot, 4, distance, 0.05)
        held += (found.low or MOST_RUNS) <= expected <= (found.high or MOST_RUNS)
    assert 0.76 < held / 300 < 0.92, "whole seeds hold it a little more often"


def test_larger_effects_need_fewer_seeds_and_more_tasks_fewer_still(planted):
    frames = planted(paper=drawn(0.5, 0.1, 1), stabilised=drawn(0.4, 0.1, 2))
    rows = power(frames, [0.05, 0.1, 0.2], ("stabilised", "paper"))
    rows = rows.set_index("difference of scores").map(lambda cell: int(cell.split()[0]))
    for column in rows:
        assert rows[column].is_monotonic_decreasing
    assert (rows["all tasks"] <= rows.max(axis=1)).all()
    assert power(frames, [0.1])["pair"].tolist() == ["stabilised - paper"]


def test_runs_that_are_all_equal_are_told_as_no_number(planted):
    """Neither how many seeds a difference takes, nor which difference so many show."""
    frames = planted(paper=np.full((len(SEEDS), 2), 0.5), stabilised=np.full((len(SEEDS), 2), 0.7))
    assert (power(frames, [0.1, 0.3])[["0.1", "0.3"]] == NOTHING).all(axis=None)
    assert set(power(frames, [0.1], ("stabilised", "paper")).iloc[0, 1:]) == {NOTHING}
    text = answer(compare(frames, "stabilised", "paper"))
    assert "runs that are all equal do not tell their spread" in text
    assert NOTHING not in text and "so many seeds show" not in text
    none = Needed(None, None, None)
    assert (none.told(spread=True), none.told(spread=False)) == ("> 1,000", NOTHING)
    one = dataclasses.replace(frames, scores=frames.scores[frames.scores["seed"] == 0])
    assert power(one, [0.1])["0.1"].item() == NOTHING, "one run of each, of a study under way"


def test_power_of_variants_without_a_task_in_common_names_them(planted):
    drawn_so = {name: drawn(0.5, 0.1, k) for k, name in enumerate(("paper", "stabilised", "huber"))}
    frames = planted(**drawn_so)
    first, second = frames.manifest.tasks
    rows = frames.scores
    apart = {"paper": first, "stabilised": second}
    kept = rows[rows["task"] == rows["variant"].map(apart).fillna(rows["task"])]
    frames = dataclasses.replace(frames, scores=kept)
    with pytest.raises(ValueError, match="no task has runs of both paper and stabilised"):
        power(frames, [0.1], ("paper", "stabilised"))
    cells = power(frames, [0.1], ("paper", "huber")).iloc[0]
    assert cells[second] == NOTHING and cells[first] == cells["all tasks"] != NOTHING
    variants = {name: frames.manifest.variants[name] for name in apart}
    two = dataclasses.replace(frames.manifest, variants=variants)
    with pytest.raises(ValueError, match="no task has runs of both stabilised and paper"):
        power(dataclasses.replace(frames, manifest=two), [0.1])


def test_a_study_of_one_variant_has_no_pairs(planted):
    for ask in (compare_all, lambda frames: power(frames, [0.1])):
        with pytest.raises(ValueError, match="has one variant; two are compared"):
            ask(planted(paper=drawn(0.5, 0.1)))


def test_the_commands_answer(frames: Frames, study_dir: Path, capsys):
    assert main(["compare", "stable_dual", "paper", "--study", str(study_dir)]) == 0
    assert "difference of score" in capsys.readouterr().out
    options = ["--all", "--metric", "area", "--tasks", "cartpole-balance", "--margin", "0.1"]
    assert main(["compare", *options, "--study", str(study_dir)]) == 0
    assert "All 3 pairs" in capsys.readouterr().out
    assert main(["compare", *options, "--json", "--study", str(study_dir)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["where"] for row in found] == ["cartpole-balance"] * 3
    assert {"effect", "low", "p_adjusted", "seeds_needed", "note"} <= set(found[0])
    assert main(["power", "stable_dual", "paper", "--study", str(study_dir)]) == 0
    assert "all tasks" in capsys.readouterr().out
    assert main(["power", "--study", str(study_dir), "--effect", "0.1"]) == 0
    assert "Seeds of each of two variants" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stable_duel", "paper"], "variant: 'stable_duel' is not in study tested; it has paper"),
        (["paper", "paper"], "variant: 'paper' is given twice"),
        (["paper"], "variants: 1 are given; two, or --all"),
        *(
            (["paper", "huber", "--margin", number], f"'--margin': {number} is not allowed; a fin")
            for number in ("nan", "inf")
        ),
        (["paper", "huber", "--all"], "variants: 2 are given; none with --all"),
        (["paper", "stable_dual", "--metric", "speed"], "metric: 'speed' is not allowed; metrics"),
        (
            ["paper", "stable_dual", "--tasks", "walk"],
            "task: 'walk' is not in study tested; it has",
        ),
    ],
)
def test_bad_arguments_are_one_line(frames: Frames, study_dir: Path, capsys, arguments, said):
    assert main(["compare", *arguments, "--study", str(study_dir)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_an_effect_that_is_no_number_is_refused(capsys):
    assert main(["power", "--study", "any", "--effect", "nan"]) == 2
    assert "'--effect': nan is not allowed; a finite number is" in capsys.readouterr().err


def asked(study_dir: Path, capsys) -> str:
    """The one line that `compare` says of a study that lacks something."""
    assert main(["compare", "stable_dual", "paper", "--study", str(study_dir)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_an_unfinished_study_is_told_with_what_shows_and_what_completes_it(
    made, capsys, monkeypatch
):
    folder = made()
    monkeypatch.chdir(folder.parent)
    line = asked(folder, capsys)
    said = f"mpo: --study: {folder}/scores.csv is missing; `python -m mpo report --study "
    assert line.startswith(f"{said}FILE` draws what there is so far, and `snakemake ")
    Path("config").mkdir()
    Path("config/own.yaml").write_text(f"study: {read_manifest(folder).study}\n")
    line = asked(folder, capsys)
    assert line.startswith(f"{said}config/own.yaml` ")
    assert line.endswith("`snakemake --cores all --configfile config/own.yaml` completes it")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("scores.csv", "", "No columns to parse from file"),
        ("estimates/profiles.csv", "", "No columns to parse from file"),
        ("scores.csv", 'a,b\n1,"2\n', "Error tokenizing data"),
        ("curves.csv", "task,variant,seed,score\n", "no column step"),
        ("scores.csv", "a,b\n1,2\n", "no column task"),
    ],
)
def test_a_damaged_frame_is_one_line_that_names_its_file(
    frames, study_dir: Path, tmp_path: Path, capsys, file: str, text: str, said: str
):
    folder = Path(shutil.copytree(study_dir, tmp_path / "damaged"))
    (folder / file).write_text(text)
    line = asked(folder, capsys)
    assert line.startswith(f"mpo: --study: {folder / file} is damaged ({said}")
    assert f"`rm {folder / file} && snakemake --cores all --configfile " in line


def test_a_study_that_is_not_there_is_one_line(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["power", "--study", "none"]) == 2
    assert "--study: 'none' is not allowed; studies here: none yet" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["power", "--study", "empty"]) == 2
    assert (
        "empty/manifest.json: there is no such file; this is no study's" in capsys.readouterr().err
    )
