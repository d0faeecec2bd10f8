"""Claims: planted effects are found, planted nulls are not, and a family errs as rarely as said."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mpo.evaluation.claims import Claim, claims_of, judge, powerless
from mpo.evaluation.claims.judging import COLUMNS, VERDICTS
from mpo.evaluation.claims.metrics import METRICS
from mpo.evaluation.claims.permutation import two_sample
from mpo.evaluation.claims.sizes import deviation, smallest_effect, unevenness
from mpo.evaluation.claims.verdicts import holm
from mpo.evaluation.reading.frames import Frames
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
    assert pd.isna(found["seeds_needed"]) == ("more than 1000" in str(found["note"]))


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


def test_ties_and_constant_scores_decide_nothing(frames: Frames):
    constant = planted(frames, 0.0, spread=0.0)
    for test in ("two_sample", "spread"):
        found = verdict(constant, test=test)
        assert (found["verdict"], found["p"], found["effect"]) == ("undecided", 1.0, 0.0)


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


def test_claims_that_n_cannot_decide_are_named(frames: Frames):
    single = claim(tasks=["cartpole-balance"])
    assert powerless([single], frames.manifest) == {"a-claim": pytest.approx(0.1)}
    assert not powerless([claim()], frames.manifest)
    family = [claim(name) for name in "abcdef"]
    more = powerless([*family, single], frames.manifest)
    assert "a-claim" in more


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
        f"the median number of seeds that would probably decide is {needed}."
    )
    assert list(brief(rows)["verdict"]) == ["undecided", "supported"]
    assert said_undecided(rows[1:]) == ""
    assert "of none how many seeds" in said_undecided(rows.assign(seeds_needed=float("nan")))


def test_effects_that_differ_between_strata_take_more_runs():
    """The size foretold is shown as often as said, by simulation; without unevenness it is not."""
    generator = np.random.default_rng(0)
    n, sd, strata = 5, 0.05, np.linspace(-0.4, 0.4, 8)
    level = 0.05

    def samples(effect: float) -> list[np.ndarray]:
        first, second = generator.normal(0.0, sd, (2, n, len(strata)))
        return [first + effect + strata, second]

    def shown(effect: float) -> float:
        p = []
        for place in range(60):
            first, second = samples(effect)
            p.append(2 * min(two_sample(first, second, 0.0, f"uneven/{place}")))
        return float(np.mean(np.array(p) <= level))

    drawn = [samples(0.1) for _ in range(200)]
    uneven = float(np.mean([unevenness(each) for each in drawn]))
    assert uneven == pytest.approx(np.sqrt(np.square(strata).sum() / 2) / len(strata), rel=0.02)
    scale = float(np.mean([deviation(each) for each in drawn]))

    def least(added: float) -> float:
        return smallest_effect("two_sample", scale, n, len(strata), level, added)

    assert shown(least(0.0)) < 0.1
    assert 0.6 <= shown(least(uneven)) <= 0.98
    even = [generator.normal(0.0, sd, (200, 8)) for _ in range(2)]
    assert unevenness(even) < 0.1 * deviation(even)
    ones = [generator.normal(0.0, sd, (200, 8)) + strata]
    assert unevenness(ones) == pytest.approx(np.sqrt(np.square(strata).sum()) / 8, rel=0.02)


def test_many_names_are_counted_for_a_reader(frames: Frames):
    rows = judge([claim("every", tasks="all")], frames, None)
    assert shown(rows)["tested"][0].endswith(" on cartpole-balance, acrobot-swingup")
    many = rows.assign(where="a, b, c, d")
    assert shown(many)["tested"][0].endswith(" on 4 tasks")
    assert shown(many.assign(over="variants"))["tested"][0].endswith(" on 4 variants")
    alone = many.assign(test="one_sample", first="p, q, r, s", second="")
    assert ": mean of 4 variants " in shown(alone)["tested"][0]
