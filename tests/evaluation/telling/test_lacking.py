"""Studies that lack something: the report says what, and nothing of it failed."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from mpo.evaluation.claims import claims_of
from mpo.evaluation.reading.frames import Frames, read_frames, write_text
from mpo.evaluation.reading.load import load
from mpo.evaluation.showing import figures, filmed, tables
from mpo.evaluation.showing.claims import files as claims
from mpo.evaluation.showing.failures import standing
from mpo.evaluation.stages import write_estimates, write_runs
from mpo.evaluation.telling import report as telling
from mpo.evaluation.telling.page import report_html
from mpo.study.claims import load_claims
from mpo.study.published import load_published
from tests.evaluation.showing.drawn import MADE
from tests.evaluation.synthetic import write_study

CLAIMS = claims_of(load_claims())


def computed(folder: Path) -> Frames:
    write_runs(load(folder), load_published(), folder)
    write_estimates(folder)
    return read_frames(folder)


def reported(folder: Path) -> str:
    """The report of a study from its run files."""
    frames = computed(folder)
    for name in figures.names():
        figures.make(name, frames, folder)
    for name in MADE:
        tables.make(name, frames, folder)
    claims.make(CLAIMS, folder)
    for file in ("films.md", "theory/section.md"):
        write_text("made\n", folder / file)
    text = telling.report(folder)
    assert standing(folder) == []
    assert report_html(text, folder).count("<figure") == text.count("](figures/")
    return text


def unlogged(folder: Path) -> Path:
    """A study whose runs were too short to log a row."""
    study = write_study(folder / "short", ["cartpole-balance"], ["paper"], [0], 2)
    for file in study.glob("runs/*/*/*/t*.csv"):
        pd.read_csv(file).head(0).to_csv(file, index=False)
    return study


def test_runs_too_short_to_log_a_row(tmp_path: Path):
    text = reported(unlogged(tmp_path))
    for figure, why in (
        ("temperature", "no run logged a temperature"),
        ("kl_relative", "no run logged a KL divergence"),
        ("effective_sample_size", "no run logged an effective sample size"),
        ("policy_deviation", "no run logged the policy's deviation"),
        ("probability_of_improvement", "no variant's own base is in this study"),
    ):
        assert f"There is no figure `{figure}`: {why}." in text.split("\n\n")
    assert "No run logged whether its dual was finite." in text
    assert "(figures/cost.png)" in text  # of the whole runs' time alone
    assert "of this report could not be made" not in text


def test_a_study_of_other_code_alone(tmp_path: Path):
    """Runs that log nothing, whose policies are empty and whose machines are not recorded."""
    folder = write_study(tmp_path / "theirs", ["cartpole-balance"], ["sac", "ppo"], [0, 1], 2)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"base": "paper"', '"base": null'))
    kept = ("format", "task", "variant", "seed", "study_seed", "status", "settings")
    for run in folder.glob("runs/*/*/*"):
        for table in ("training.csv", "timing.csv"):
            pd.read_csv(run / table).head(0).to_csv(run / table, index=False)
        record = pd.read_json(run / "run.json", typ="series").to_dict()
        few = {key: record[key] for key in (*kept, "settings_digest", "code_digest")}
        (run / "run.json").write_text(pd.Series(few).to_json())
    text = reported(folder)
    assert "There is no figure `cost`: no run logged its time." in text
    assert "(figures/learning_curves.png)" in text
    with pytest.raises(ValueError, match="the policies of other code are not played here"):
        filmed.section(read_frames(folder), {}, 5.0)


def test_one_task_one_variant_one_seed(tmp_path: Path):
    folder = write_study(tmp_path / "one", ["cartpole-balance"], ["paper"], [0], 1)
    text = reported(folder)
    assert "n = 1 run of each variant on each task; one run gives no interval" in text
    assert "One run of each variant and task says nothing about certainty." in text
    assert "The one run did not diverge." in text
    assert "*1 run, which did not diverge; a score" in text
    assert "by score among the 1 variant, 1 being the best" in text
    assert " 1 run took " in text
    assert not re.findall(r".*\b1 (?:runs|variants|tasks|seeds|pairs)\b.*", text)


def test_a_variant_whose_base_the_study_lacks_is_told_so(tmp_path: Path):
    """Its claims, which compare it with the nearest that is there, are no contradiction."""
    folder = write_study(tmp_path / "far", ["cartpole-balance"], ["paper", "huber"], [0], 1)
    why = "There is no figure `probability_of_improvement`: no variant's own base is in this study."
    assert why in reported(folder).split("\n\n")
