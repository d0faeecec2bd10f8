"""`compare` and `power`: against numbers by hand, planted effects, and the command line."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from mpo.__main__ import main
from mpo.evaluation.claims.comparison import compare, power
from mpo.evaluation.claims.permutation import two_sample
from mpo.evaluation.reading.frames import Frames
from mpo.evaluation.reading.manifest import ALL
from mpo.evaluation.showing.comparison import answer

SEEDS = list(range(8))


@pytest.fixture
def planted(frames: Frames):
    """Frames of two tasks and eight seeds in which the score of a variant is given."""

    def make(**scores: np.ndarray) -> Frames:
        manifest = frames.manifest
        chosen = {name: manifest.variants[name] for name in scores}
        rows = frames.scores.iloc[:0].copy()
        for variant, values in scores.items():
            for task, column in zip(manifest.tasks, values.T, strict=True):
                for seed, score in zip(SEEDS, column, strict=True):
                    row = {"task": task, "variant": variant, "seed": seed, "score": score}
                    rows.loc[len(rows), list(row)] = list(row.values())
        changed = dataclasses.replace(manifest, variants=chosen, seeds=SEEDS)
        return dataclasses.replace(frames, manifest=changed, scores=rows)

    return make


def drawn(mean: float, deviation: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, deviation, (len(SEEDS), 2))


def test_the_effect_is_the_difference_of_means_and_turns_with_the_order(planted):
    first, second = drawn(0.5, 0.1, 1), drawn(0.4, 0.1, 2)
    frames = planted(paper=first, stabilised=second)
    rows = compare(frames, "paper", "stabilised").set_index(["metric", "task"])
    turned = compare(frames, "stabilised", "paper").set_index(["metric", "task"])
    assert rows.loc[("effect", ALL), "value"] == pytest.approx(first.mean() - second.mean())
    for place, task in enumerate(frames.manifest.tasks):
        by_hand = first[:, place].mean() - second[:, place].mean()
        assert rows.loc[("effect", task), "value"] == pytest.approx(by_hand)
        pairs = first[:, place][:, None] > second[:, place]
        found = rows.loc[("probability_of_improvement", task), "value"]
        assert found == pytest.approx(pairs.mean())
    both = rows["value"] + turned["value"]
    np.testing.assert_allclose(both.loc["effect"], 0.0, atol=1e-12)
    np.testing.assert_allclose(both.loc["probability_of_improvement"], 1.0)


@pytest.mark.parametrize(
    ("shift", "word"), [(0.4, "Yes: over 2 tasks"), (-0.4, "No, it is worse"), (0.0, "Undecided")]
)
def test_a_planted_effect_is_found_and_a_planted_null_is_not(planted, shift, word):
    frames = planted(paper=drawn(0.5 + shift, 0.1, 1), stabilised=drawn(0.5, 0.1, 2))
    text = answer(compare(frames, "paper", "stabilised"), frames)
    assert text.startswith(word)
    assert "n = 8 a task" in text


def test_too_few_runs_say_so(frames: Frames):
    few = dataclasses.replace(
        frames,
        manifest=dataclasses.replace(frames.manifest, seeds=[0, 1]),
        scores=frames.scores[frames.scores["seed"] < 2],
    )
    text = answer(compare(few, "paper", "stabilised"), few)
    assert "So few runs cannot decide it: their smallest p is 0.056" in text


def test_the_seeds_that_power_names_show_the_effect_as_often_as_it_says(planted):
    """0.8 by design; the permutation test at that n, on draws of that spread."""
    deviation, effect = 0.1, 0.12
    noise = np.concatenate([drawn(0.0, 1.0, s) for s in range(2)])
    noise = deviation * (noise - noise.mean(0)) / noise.std(0, ddof=1)
    frames = planted(paper=drawn(0.5, deviation, 5), stabilised=drawn(0.5, deviation, 6))
    spread = frames.scores.groupby(["variant", "task"])["score"].var().mean()
    row = power(frames, [effect]).iloc[0]
    n = int(row["all tasks"])
    draws = np.random.default_rng(0)
    shown = 0
    for trial in range(200):
        ours = draws.normal(effect, np.sqrt(spread), (n, 2))
        theirs = draws.normal(0.0, np.sqrt(spread), (n, 2))
        shown += 2 * min(two_sample(ours, theirs, 0.0, str(trial))) <= 0.05
    assert 0.65 < shown / 200 < 0.95


def test_larger_effects_need_fewer_seeds_and_more_tasks_fewer_still(planted):
    frames = planted(paper=drawn(0.5, 0.1, 1), stabilised=drawn(0.4, 0.1, 2))
    rows = power(frames, [0.05, 0.1, 0.2]).set_index("difference of scores").astype(int)
    for column in rows:
        assert rows[column].is_monotonic_decreasing
    assert (rows["all tasks"] <= rows.max(axis=1)).all()


def test_the_commands_answer(frames: Frames, study_dir: Path, capsys):
    assert main(["compare", "stable_dual", "paper", "--study", str(study_dir)]) == 0
    assert "difference of scores" in capsys.readouterr().out
    assert main(["power", "--study", str(study_dir), "--effect", "0.1"]) == 0
    assert "Seeds of each of two variants" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stable_duel", "paper"], "variant: 'stable_duel' is not in study tested; it has paper"),
        (["paper", "paper"], "variant: 'paper' is given twice"),
    ],
)
def test_bad_variants_are_one_line(frames: Frames, study_dir: Path, capsys, arguments, said):
    assert main(["compare", *arguments, "--study", str(study_dir)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_study_that_is_not_there_is_one_line(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["power", "--study", "none"]) == 2
    assert "--study: 'none' is not allowed" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["power", "--study", "empty"]) == 2
    assert "empty" in capsys.readouterr().err
