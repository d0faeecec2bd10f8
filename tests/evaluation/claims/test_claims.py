"""Claims: planted effects are found, planted nulls are not, and a family errs as rarely as said."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mpo.evaluation.claims import Claim, claims_of, judge, powerless
from mpo.evaluation.claims.judging import COLUMNS, VERDICTS
from mpo.evaluation.claims.metrics import METRICS
from mpo.evaluation.claims.samples import samples
from mpo.evaluation.claims.shapes import clumped
from mpo.evaluation.claims.shares import missed_half
from mpo.evaluation.claims.verdicts import distances, holm
from mpo.evaluation.reading.frames import Frames, read_csv
from mpo.evaluation.showing.claims.files import section, write
from mpo.evaluation.showing.claims.shown import brief, said_undecided, shown
from mpo.evaluation.showing.exhibits import ReportError
from mpo.study.claims import load_claims

ERRATA = pd.DataFrame({"erratum": [1, 1, 2], "verdict": ["confirmed", "confirmed", "refuted"]})
PAIR = ["stabilised", "paper"]


def claim(name: str = "a-claim", **fields) -> Claim:
    given = {"test": "two_sample", "metric": "score", "variants": PAIR, "family": "one"}
    return Claim(name, "it is so", "someone", **{**given, "direction": "greater", **fields})


def planted(frames: Frames, effect: float, seeds: int = 6, spread: float = 0.02) -> Frames:
    """`frames` with scores of their own: `stabilised` above the others by `effect`."""
    generator = np.random.default_rng(5)
    rows = [
        {
            "task": task,
            "variant": variant,
            "seed": seed,
            "status": "completed",
            "score": 0.4 + effect * (variant == "stabilised") + generator.normal(0, spread),
        }
        for task in frames.manifest.tasks
        for variant in frames.manifest.variants
        for seed in range(seeds)
    ]
    manifest = dataclasses.replace(frames.manifest, seeds=list(range(seeds)))
    return dataclasses.replace(frames, scores=pd.DataFrame(rows), manifest=manifest)


def verdict(frames: Frames, **fields) -> pd.Series:
    return judge([claim(**fields)], frames, None).iloc[0]


def test_a_planted_effect_is_found_on_either_side(frames: Frames):
    found = verdict(planted(frames, 0.2))
    assert found["verdict"] == "supported"
    assert found["low"] < found["effect"] < found["high"]
    assert found["effect"] == pytest.approx(0.2, abs=0.03)
    assert found["smallest_effect"] < 0.1
    assert verdict(planted(frames, 0.2), direction="less")["verdict"] == "refuted"
    assert verdict(planted(frames, 0.2), direction="different")["verdict"] == "supported"
    assert verdict(planted(frames, 0.2), variants=PAIR[::-1])["verdict"] == "refuted"


def test_a_planted_null_is_undecided_and_says_how_many_seeds_it_would_take(frames: Frames):
    found = verdict(planted(frames, 0.0))
    assert found["verdict"] == "undecided"
    assert found["p_adjusted"] > 0.05
    needed = found["seeds_needed"]
    assert pd.isna(needed) or needed > 6
    if not pd.isna(needed):
        assert found["seeds_low"] <= needed <= found["seeds_high"], "a range holds its middle"


def test_an_effect_within_the_margin_does_not_support(frames: Frames):
    near = planted(frames, 0.2)
    assert verdict(near, margin=0.5)["verdict"] == "refuted"
    assert verdict(near, margin=0.5, direction="different")["verdict"] == "refuted"
    assert verdict(near, margin=0.5, test="equivalence")["verdict"] == "supported"
    assert verdict(near, margin=0.05, test="equivalence")["verdict"] == "refuted"
    assert verdict(near, margin=-0.2)["verdict"] == "supported"


def test_a_mean_is_held_against_its_margin(frames: Frames):
    near = planted(frames, 0.0)
    alone = {"test": "one_sample", "variants": "all"}
    assert verdict(near, **alone, margin=0.3)["verdict"] == "supported"
    assert verdict(near, **alone, margin=0.5)["verdict"] == "refuted"
    assert verdict(near, **alone, margin=0.5, direction="less")["verdict"] == "supported"


def test_tasks_can_be_compared_too_variant_by_variant(frames: Frames):
    near = planted(frames, 0.0)
    low, high = list(frames.manifest.tasks)
    scores = near.scores.assign(score=near.scores["score"] + 0.3 * (near.scores["task"] == high))
    found = judge(
        [claim(compare="tasks", tasks=[low, high], variants="all", direction="less")],
        dataclasses.replace(near, scores=scores),
        None,
    ).iloc[0]
    assert found["verdict"] == "supported"
    assert (found["first"], found["second"]) == (low, high)


def test_a_wider_spread_is_found(frames: Frames):
    near = planted(frames, 0.0, seeds=8)
    centre = near.scores.groupby(["task", "variant"])["score"].transform("median")
    factor = np.where(near.scores["variant"] == "paper", 20, 1)
    wide = dataclasses.replace(
        near, scores=near.scores.assign(score=centre + factor * (near.scores["score"] - centre))
    )
    assert verdict(wide, test="spread", direction="less")["verdict"] == "supported"
    assert verdict(near, test="spread", direction="less")["verdict"] == "undecided"


@pytest.mark.parametrize("effect", [0.0, 0.3])
@pytest.mark.parametrize("test", ["two_sample", "spread"])
def test_runs_that_are_all_equal_decide_nothing(frames: Frames, effect, test):
    found = verdict(planted(frames, effect, spread=0.0), test=test)
    assert (found["verdict"], found["p"]) == ("undecided", 1.0)
    assert "runs that are all equal do not tell their spread" in found["note"]


def test_a_spread_on_few_tasks_is_withheld_where_no_test_holds_its_level(frames: Frames):
    near = planted(frames, 0.0, seeds=4)
    wide = near.scores["variant"] == "paper"
    far = near.scores.assign(score=near.scores["score"] * np.where(wide, 1000, 1))
    found = verdict(dataclasses.replace(near, scores=far), test="spread", direction="less")
    assert found["verdict"] == "undecided"
    assert "a spread on so few tasks takes 5 runs" in found["note"]


def test_distances_have_no_structural_zero():
    assert distances(np.array([5.0, 1.0, 2.0])) == pytest.approx([1.0, 3.0])
    assert distances(np.array([0.0, 1.0, 3.0, 9.0])) == pytest.approx([2.0, 2**0.5, 7.0])


def test_one_seed_decides_nothing_and_has_no_interval(frames: Frames):
    found = verdict(planted(frames, 0.5, seeds=1))
    assert found["verdict"] == "undecided"
    assert found["p"] == 1
    assert np.isnan(found["low"]) and np.isinf(found["smallest_effect"])


def test_what_the_study_lacks_is_not_run(frames: Frames):
    for fields, what in [
        ({"variants": ["huber", "paper"]}, "the study lacks huber"),
        ({"tasks": ["walker-run"]}, "the study lacks walker-run"),
        ({"metric": "gain_after_million"}, "no run has the metric gain_after_million"),
    ]:
        found = verdict(frames, **fields)
        assert (found["verdict"], found["note"]) == ("not_run", what)


def test_errata_decide_the_computed_claims(frames: Frames):
    for erratum, expected in [(1, "supported"), (2, "refuted"), (3, "not_run")]:
        computed = Claim("c", "s", "s", "computed", erratum=erratum)
        assert judge([computed], frames, ERRATA).iloc[0]["verdict"] == expected
    assert judge([computed], frames, None).iloc[0]["verdict"] == "not_run"


SHARE = {"test": "share", "margin": 0.9, "threshold": 0.3, "variants": ["paper"]}


def test_every_run_takes_the_runs_that_it_takes(frames: Frames):
    """0.9^28 > 0.05 >= 0.9^29."""
    one = {**SHARE, "tasks": ["cartpole-balance"]}
    for seeds, expected in [(28, "undecided"), (29, "supported")]:
        found = verdict(planted(frames, 0.0, seeds=seeds), **one)
        assert found["verdict"] == expected, f"{seeds} of {seeds} runs above"
        assert found["note"] == f"{seeds} of {seeds} runs"
    found = verdict(planted(frames, 0.0, seeds=28), **one)
    assert (found["seeds_needed"], found["effect"]) == (29, 1)
    both = verdict(planted(frames, 0.0, seeds=14), **SHARE)
    assert (both["verdict"], both["seeds_needed"]) == ("undecided", 15), "two tasks, 28 runs"
    few = verdict(planted(frames, 0.0, seeds=3), **{**one, "threshold": 0.5})
    assert few["verdict"] == "refuted", "three failures of three are rarer than 0.05"
    assert few["missed_half"] == pytest.approx(1 - 0.5 ** (1 / 3))
    assert verdict(planted(frames, 0.0, seeds=29), **one, direction="less")["verdict"] == "refuted"


def test_a_share_counts_a_seed_where_every_variant_does_it(frames: Frames):
    near = planted(frames, 0.0, seeds=10)
    fails = (near.scores["variant"] == "stabilised") & (near.scores["seed"] < 4)
    worse = dataclasses.replace(
        near, scores=near.scores.assign(score=near.scores["score"].where(~fails, 0.0))
    )
    found = verdict(worse, **{**SHARE, "variants": PAIR, "tasks": ["cartpole-balance"]})
    assert found["effect"] == pytest.approx(0.6)


def test_claims_that_n_cannot_decide_are_named(frames: Frames):
    assert powerless([claim(tasks=["cartpole-balance"])], frames.manifest) == {}
    share = claim(**{**SHARE, "tasks": ["cartpole-balance"]})
    assert powerless([share], frames.manifest) == {"a-claim": "support takes 29 runs"}
    assert "5 runs" in powerless([claim(test="spread")], frames.manifest)["a-claim"]
    single = dataclasses.replace(frames.manifest, seeds=[0])
    assert powerless([claim()], single) == {"a-claim": "one run has no spread"}


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


def lost(frames: Frames, task: str = "cartpole-balance") -> Frames:
    """`frames` in which a run of `stabilised` diverged."""
    rows = frames.scores
    mine = (rows["variant"] == "stabilised") & (rows["task"] == task) & (rows["seed"] == 0)
    return dataclasses.replace(
        frames, scores=rows.assign(status=rows["status"].where(~mine, "diverged"))
    )


def test_a_diverged_run_is_named_and_no_seed_is_dropped(frames: Frames):
    found = verdict(lost(planted(frames, 0.2)))
    assert found["n"] == 6
    assert found["note"].startswith(
        "1 of 24 runs diverged: stabilised on cartpole-balance (seed 0)"
    )


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
    assert "err at up to 0.23, not 0.05" in found["note"]
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


def test_the_failure_that_is_missed_half_the_time():
    for n in (1, 3, 20):
        assert (1 - missed_half(n)) ** n == pytest.approx(0.5)


def test_verdicts_do_not_depend_on_order_or_other_families(frames: Frames):
    near = planted(frames, 0.02)
    mine = [claim("a"), claim("b", direction="less"), claim("c", test="equivalence", margin=0.1)]
    first = judge(mine, near, None)
    shuffled = dataclasses.replace(near, scores=near.scores.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(first, judge(mine, shuffled, None))
    extra = judge([*mine, claim("d", family="two")], near, None)
    pd.testing.assert_frame_equal(first, extra.iloc[:3].reset_index(drop=True))


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_projects_claims_are_whole_and_every_metric_is_in_the_schema(frames: Frames):
    entries = load_claims()
    claims = claims_of(entries)
    assert {each.metric for each in claims if each.metric} <= set(METRICS)
    schema = (Path(__file__).parents[3] / "workflow/schemas/claims.schema.yaml").read_text()
    for name, metric in METRICS.items():
        assert f"- {name}\n" in schema
        assert list(metric(frames).columns) == ["task", "variant", "seed", "value"]
    rows = judge(claims, frames, ERRATA)
    assert list(rows.columns) == COLUMNS
    assert set(rows["verdict"]) <= set(VERDICTS)
    assert rows.set_index("claim").loc["appendix-sign", "verdict"] == "supported"


def test_the_files_are_the_same_each_time_and_make_a_section(frames: Frames, tmp_path, study_dir):
    with pytest.raises(ReportError, match=r"claims_section.md is missing; `python workflow"):
        section(tmp_path)
    claims, contents = claims_of(load_claims()), []
    for _ in range(2):
        write(claims, study_dir)
        files = sorted((study_dir / "tables").glob("claims*"))
        contents.append([file.read_bytes() for file in files])
    assert contents[0] == contents[1]
    assert len(contents[0]) == 4
    text = section(study_dir)
    assert text.startswith(f"Of {len(claims)} claims: ")
    assert "not run." in text


def test_the_claims_of_the_study_s_own_file_are_judged_too(study_dir: Path, frames, tmp_path: Path):
    folder = Path(shutil.copytree(study_dir, tmp_path / "own", ignore=lambda *_: ["runs"]))
    manifest = json.loads((folder / "manifest.json").read_text())
    entry = {"statement": "so", "source": "us", "test": "two_sample", "metric": "area"}
    entry |= {"variants": PAIR, "tasks": "all", "direction": "greater", "margin": 0, "family": "o"}
    manifest["claims"] = {"our-own": entry}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    write([], folder)
    rows = read_csv(folder / "tables/claims.csv")
    assert rows["claim"].tolist() == ["our-own"]
    assert rows["verdict"].item() in ("supported", "refuted", "undecided")


def test_in_short_the_undecided_are_counted_with_the_seeds_they_need(frames: Frames):
    claims = [
        claim("open", margin=0.0),
        claim("clear", margin=-0.5, family="two"),
        claim("absent", variants=["nobody", "paper"]),
    ]
    rows = judge(claims, planted(frames, 0.004, seeds=5), None)
    assert list(rows["verdict"]) == ["undecided", "supported", "not_run"]
    needed = int(rows["seeds_needed"][0])
    assert said_undecided(rows) == (
        "Undecided: 1 of the 2 claims with runs here. For the 1 of them where an effect was seen, "
        f"the median number of seeds that would probably decide is {needed:,}, if the effects are "
        "what was seen; the spread alone leaves the range in brackets open."
    )
    assert list(brief(rows)["verdict"]) == ["undecided", "supported"]
    assert said_undecided(rows[1:]) == ""
    assert "of none how many seeds" in said_undecided(rows.assign(seeds_needed=float("nan")))


def test_many_names_are_counted_for_a_reader(frames: Frames):
    rows = judge([claim("every", tasks="all")], frames, None)
    assert shown(rows)["tested"][0].endswith(" on cartpole-balance, acrobot-swingup")
    many = rows.assign(where="a, b, c, d")
    assert shown(many)["tested"][0].endswith(" on 4 tasks")
    assert shown(many.assign(over="variants"))["tested"][0].endswith(" on 4 variants")
    alone = many.assign(test="one_sample", first="p, q, r, s", second="")
    assert ": mean of 4 variants " in shown(alone)["tested"][0]
