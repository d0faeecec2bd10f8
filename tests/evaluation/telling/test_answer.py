"""What stands first: the question, the counts, and sentences that say their numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mpo.evaluation.claims import claims_of
from mpo.evaluation.reading.frames import Frames, read_csv, write_csv
from mpo.evaluation.showing.claims import files as claims
from mpo.evaluation.telling import answer
from mpo.study.claims import load_claims


@pytest.fixture
def rows(study_dir: Path, tmp_path: Path) -> pd.DataFrame:
    claims.write(claims_of(load_claims()), study_dir)
    return read_csv(study_dir / "tables/claims.csv")


def told(rows: pd.DataFrame, frames: Frames, folder: Path) -> list[str]:
    write_csv(rows, folder / "tables/claims.csv")
    return answer.said(frames, folder)


def decided(rows: pd.DataFrame, **verdicts: str) -> pd.DataFrame:
    """`rows` with other verdicts of two_sample claims, effects and p in their order."""
    some = rows.copy()
    some["verdict"] = "not_run"
    for k, (claim, verdict) in enumerate(verdicts.items(), 1):
        values = {"verdict": verdict, "n": 3, "effect": k / 10, "low": 0.01, "high": 0.9}
        values |= {"p_adjusted": k / 100, "note": None, "first": "a", "second": "b"}
        for column, value in values.items():
            some.loc[some["claim"] == claim.replace("_", "-"), column] = value
    return some


def test_the_clearest_are_named_first_and_the_others_counted(rows, frames: Frames, tmp_path: Path):
    names = ("acrobot_hard", "huber_loss", "estep_faster", "estep_cost")
    some = decided(rows, **dict.fromkeys(names[:3], "supported"), estep_cost="refuted")
    asked, counts, supported, refuted, papers = told(some, frames, tmp_path)
    assert f"which of {len(rows)} claims hold, by 18 runs of" in asked
    assert "This study has what 4 of them need." in asked
    assert papers.startswith("*P1 is Abdolmaleki")
    assert papers.endswith("SR is the report of Chen et al. 2021, which reproduced P1.*")
    assert counts.splitlines()[-1] == f"| 3 | 1 | 0 | {len(rows) - 4} |"
    assert supported.startswith("**Supported** most clearly, of 3: acrobot-swingup ends far lower")
    first = "score of a minus b 0.100 [0.0100, 0.900], adjusted p 0.010, n = 3; SR 4.1)"
    assert first in supported
    assert "squared and Huber loss" in supported and "learns faster" not in supported
    assert refuted.startswith("**Refuted**: evaluating q increases the cost of an update")
    assert "ms per update of a are 1.32 [1.01, 1.87] times those of b, adjusted p" in refuted


def test_what_differs_is_named_before_what_is_alike_and_what_was_computed(
    rows, frames: Frames, tmp_path: Path
):
    names = ("appendix_sign", "parametric_loss", "huber_loss")
    some = decided(rows, **dict.fromkeys(names, "supported"))
    supported = told(some, frames, tmp_path)[2]
    assert supported.startswith("**Supported** most clearly, of 3: squared and Huber loss")
    assert "a parametric q ends within" in supported and "appendix" not in supported


def test_at_most_three_sentences_stand_below_the_counts(rows, frames: Frames, tmp_path: Path):
    some = decided(rows, acrobot_hard="supported", estep_cost="refuted", huber_loss="undecided")
    some.loc[some["claim"] == "huber-loss", "seeds_needed"] = 12
    *_, last, papers = said = told(some, frames, tmp_path)
    assert len(said) == 2 + 3 + 1 and papers.startswith("*")
    assert last == (
        "1 claim stays **undecided**; where an effect was seen, the median number of seeds that "
        "would probably decide is 12."
    )


def test_what_an_effect_is_of_depends_on_the_test(rows, frames: Frames, tmp_path: Path):
    some = decided(rows, cartpole_easy="supported", dual_stability="refuted")
    easy = some["claim"] == "cartpole-easy"
    some.loc[easy, "second"] = None
    some.loc[some["claim"] == "dual-stability", "metric"] = "log2_ms_per_update"
    _, _, supported, refuted, *_ = told(some, frames, tmp_path)
    assert "(share of runs with score above 0.285 0.100 [0.0100, 0.900], adjusted" in supported
    assert "(spread of log2_ms_per_update of a minus b 0.200 [0.0100" in refuted


def test_none_is_said_where_there_is_none(rows, frames: Frames, tmp_path: Path):
    assert told(decided(rows), frames, tmp_path)[2:4] == [
        "No claim is supported.",
        "No claim is refuted.",
    ]


def test_a_statement_is_text_and_a_note_is_pointed_to(rows, frames: Frames, tmp_path: Path):
    some = decided(rows, acrobot_hard="supported")
    some.loc[some["claim"] == "acrobot-hard", ["statement", "note"]] = ["<b>V*</b>", "skewed"]
    supported = told(some, frames, tmp_path)[2]
    assert r"\<b>V\*\</b> (score" in supported
    assert supported.endswith("; with a note in the table).")


def test_a_study_without_claims_says_what_is_compared(frames: Frames, tmp_path: Path):
    (asked,) = answer.said(frames, tmp_path)
    assert asked.startswith("**Asked:** how 18 runs of ")
