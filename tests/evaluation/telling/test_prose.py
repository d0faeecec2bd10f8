"""Prose with looked-up numbers: what a template may ask for, and what it is told else."""

from __future__ import annotations

import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from mpo.evaluation.claims import claims_of
from mpo.evaluation.reading.frames import Frames, read_csv
from mpo.evaluation.showing.claims import files as claims
from mpo.evaluation.showing.exhibits import ReportError
from mpo.evaluation.showing.tables import falls
from mpo.evaluation.telling.prose import render
from mpo.study.claims import load_claims

PROJECT = Path(__file__).parents[3]
TASK, VARIANT = "cartpole-balance", "stable_dual"


@pytest.fixture(scope="module")
def said(frames: Frames, study_dir: Path, tmp_path_factory: pytest.TempPathFactory):
    """Renders a template with the facts of the study behind `frames`."""
    claims.write(claims_of(load_claims()), study_dir)
    folder = tmp_path_factory.mktemp("prose")

    def say(template: str) -> str:
        file = folder / "template.md"
        file.write_text(template)
        return render(file, study_dir)

    return say


def test_text_stays_and_numbers_are_looked_up(said, frames: Frames):
    assert said("Eighteen is {{ runs() }}.\n") == "Eighteen is 18.\n"
    assert said('{{ runs(status="diverged") }}') == "1"
    hours = frames.runs["cpu_s"].sum() / 3600
    assert said("{{ machines() }}").endswith(": 18 runs")
    assert said("{{ updates('cartpole-balance') }}") == f"{frames.runs['updates'].iloc[0]:,.0f}"
    assert float(said("{{ core_hours() }}")) == pytest.approx(hours, rel=5e-3)


def test_returns_are_those_of_the_runs_by_seed(said, frames: Frames):
    rows = frames.scores[(frames.scores["task"] == TASK) & (frames.scores["variant"] == VARIANT)]
    first, second, third = (f"{x:,.0f}" for x in rows.sort_values("seed")["return_mean"])
    text = said(f'{{{{ returns("{TASK}", "{VARIANT}") }}}}')
    assert text == f"{first}, {second} and {third}"


def test_how_soon_and_how_steadily_runs_learnt_is_in_the_table_of_falls(said, frames: Frames):
    table = falls.table(frames)
    rows = table[(table["task"] == TASK) & (table["variant"] == VARIANT)].sort_values("seed")
    assert len(rows) == 3
    for name, column in (("reached", "steps"), ("core_seconds", "core_s")):
        times = ["never" if np.isnan(x) else f"{x:,.0f}" for x in rows[column]]
        text = said(f'{{{{ {name}("{TASK}", "{VARIANT}") }}}}')
        assert text == f"{times[0]}, {times[1]} and {times[2]}"
    text = said(f'{{{{ falls("{TASK}", "{VARIANT}") }}}}')
    assert text == f"{rows['falls'].sum()} of {rows['after'].sum()}"
    first = said(f'{{{{ area("{TASK}", "{VARIANT}") }}}}').partition(",")[0]
    assert float(first) == pytest.approx(rows["area"].iloc[0], rel=5e-3)
    changed = said("{{ changes() }}")
    assert all(variant.change in changed for variant in frames.manifest.variants.values())


def test_estimates_come_with_their_intervals(said, frames: Frames):
    rows = frames.by_task
    (row,) = rows[
        (rows["metric"] == "return_iqm") & (rows["task"] == TASK) & (rows["variant"] == VARIANT)
    ].to_dict("records")
    ends = f"[{row['low']:,.0f}, {row['high']:,.0f}]†"
    assert said(f'{{{{ iqm("{TASK}", "{VARIANT}") }}}}') == f"{row['value']:,.0f} {ends}"
    assert "[" in said(f'{{{{ aggregate("{VARIANT}") }}}}')
    assert "[" in said(f'{{{{ improvement("{VARIANT}") }}}}')


def test_diagnostics_are_of_the_second_half(said, frames: Frames):
    rows = frames.diagnostics
    budget = frames.manifest.tasks[TASK].steps
    mine = rows[(rows["task"] == TASK) & (rows["variant"] == VARIANT)]
    late = mine[mine["step"] > budget / 2].groupby("seed")["temperature"]
    assert float(said(f'{{{{ late("temperature", "{TASK}", "{VARIANT}", 6) }}}}')) == (
        pytest.approx(late.mean().median(), rel=1e-5)
    )
    lowest = said(f'{{{{ lowest("temperature", "{TASK}", "{VARIANT}", 6) }}}}')
    assert float(lowest.split(",")[0]) == pytest.approx(late.min().iloc[0], rel=1e-5)
    highest = said(f'{{{{ highest("temperature", "{TASK}", "{VARIANT}", 6) }}}}')
    assert float(highest.split(",")[0]) == pytest.approx(late.max().iloc[0], rel=1e-5)
    total = mine.groupby("seed")["dual_overflows"].sum().mean()
    assert said(f'{{{{ total("dual_overflows", "{TASK}", "{VARIANT}") }}}}') == f"{total:,.0f}"
    assert said(f'{{{{ bias("{TASK}", "{VARIANT}") }}}}').count(" and ") == 1


def test_costs_are_ratios(said, frames: Frames):
    assert said('{{ cost("paper", "paper") }}') == "1.00"
    times = frames.runs.groupby(["task", "variant"])["ms_per_update"].median().unstack()
    expected = (times["stabilised"] / times["paper"]).median()
    assert float(said('{{ cost("stabilised", "paper") }}')) == pytest.approx(expected, rel=5e-3)


def test_verdicts_are_those_of_the_table(said, study_dir: Path):
    rows = read_csv(study_dir / "tables/claims.csv").set_index("claim")
    assert said('{{ verdict("dual-overflow") }}') == "not run"
    assert said('{{ verdict("cartpole-easy") }}') == "not run"
    text = said('{{ verdict("tricks-over-paper") }}')
    assert text.startswith(f"{rows.loc['tricks-over-paper', 'verdict']}: ")
    assert "], p = " in text
    assert said("{{ claims() }}").startswith(f"Of {len(rows)} claims: ")


def test_seeds_are_those_that_a_claim_needs(study_dir: Path, tmp_path: Path):
    copy = shutil.copytree(study_dir, tmp_path / "study")
    path = copy / "tables/claims.csv"
    rows = read_csv(path)
    none = [float("nan")] * (len(rows) - 2)
    rows["verdict"] = "undecided"
    rows["n"] = 3
    ends = {"seeds_low": [600, 8, *none], "seeds_high": [float("nan"), 40, *none]}
    rows.assign(seeds_needed=[980, 16, *none], **ends).to_csv(path, index=False)
    template = tmp_path / "template.md"
    first, second = rows["claim"][:2]
    template.write_text(f"{{{{ seeds('{first}') }}}}, {{{{ seeds('{second}') }}}}")
    assert render(template, copy) == "980 (600 to > 1,000), 16 (8 to 40)"


def test_the_uniform_policy_s_return_is_the_manifest_s(said, frames: Frames):
    expected = frames.manifest.tasks[TASK].random_return
    if expected is None:
        with pytest.raises(ReportError, match="is not known"):
            said(f'{{{{ uniform("{TASK}") }}}}')
    else:
        assert said(f'{{{{ uniform("{TASK}") }}}}') == f"{expected:,.0f}"


def test_of_another_study_beside_it_the_same_can_be_said(said, study_dir: Path):
    name = study_dir.name
    text = said(f'{{{{ study("{name}").returns("{TASK}", "{VARIANT}") }}}}')
    assert text == said(f'{{{{ returns("{TASK}", "{VARIANT}") }}}}')
    with pytest.raises(ReportError, match="`make figures STUDY=none` makes it"):
        said('{{ study("none").runs() }}')


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ returns('cartpole', 'paper') }}", "no task 'cartpole'; tasks are cartpole-balance"),
        (f"{{{{ returns('{TASK}', 'papyrus') }}}}", "no variant 'papyrus'; variants are paper"),
        ("{{ verdict('none') }}", "no claim 'none'; claims are"),
        ("{{ nothing() }}", "'nothing' is undefined"),
        (
            f"{{{{ aggregate('{VARIANT}', 'score_iqr') }}}}",
            "no score_iqr of stable_dual on all; there",
        ),
        ("{{ improvement('paper') }}", "no probability_of_improvement of paper on all; there are"),
        (f"{{{{ late('none', '{TASK}', 'paper') }}}}", "none"),
        ("line\n{{ runs( }}", ":2: "),
    ],
)
def test_what_there_is_not_is_an_error_that_names_the_template(said, template, reason):
    with pytest.raises(ReportError, match=r"template\.md") as caught:
        said(template)
    assert reason in str(caught.value)


def test_the_script_writes_the_page(study_dir: Path, tmp_path: Path, monkeypatch):
    template, page = tmp_path / "template.md", tmp_path / "page.md"
    template.write_text("{{ runs() }} runs\n")
    script = str(PROJECT / "workflow/scripts/findings.py")
    monkeypatch.setattr(sys, "argv", [script, str(study_dir), str(template), str(page)])
    runpy.run_path(script, run_name="__main__")
    assert page.read_text() == "18 runs\n"
    template.write_text("{{ nothing }}")
    with pytest.raises(SystemExit, match="'nothing' is undefined"):
        runpy.run_path(script, run_name="__main__")
    assert page.read_text() == "18 runs\n"
