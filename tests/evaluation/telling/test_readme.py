"""The README's block: made from a study's files alone, and nothing beside it is touched."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

from mpo.evaluation.claims import claims_of
from mpo.evaluation.claims.judging import VERDICTS
from mpo.evaluation.reading.frames import Frames, read_csv
from mpo.evaluation.showing import figures, tables
from mpo.evaluation.showing.claims import files as claims
from mpo.evaluation.showing.exhibits import ReportError
from mpo.evaluation.telling.readme import (
    BEGIN,
    COMMANDS,
    END,
    FIGURES,
    SHORT,
    fill,
    filled,
    what_was_run,
)
from mpo.study.claims import load_claims

PROJECT = Path(__file__).parents[3]
FIRST = "\n\n".join(f"{begin}\nstale\n{end}" for begin, end in (SHORT, COMMANDS))
TEXT = f"# A title\n\n{FIRST}\n\n{BEGIN}\nstale\n{END}\n\nThe rest.\n"


@pytest.fixture
def readme(frames: Frames, study_dir: Path, tmp_path: Path) -> Path:
    for name in FIGURES:
        figures.write(name, frames, study_dir / "figures")
    tables.write("aggregate", frames, study_dir / "tables")
    claims.write(claims_of(load_claims()), study_dir)
    file = tmp_path / "README.md"
    file.write_text(TEXT)
    return file


def test_the_script_fills_the_block_and_copies_the_figures(readme, study_dir, monkeypatch):
    script = PROJECT / "workflow/scripts/readme.py"
    monkeypatch.setattr(sys, "argv", [str(script), str(study_dir), str(readme)])
    runpy.run_path(str(script), run_name="__main__")
    text = readme.read_text()
    assert text.startswith(f"# A title\n\n{SHORT[0]}\n![learning curves](docs/figures/learning")
    first, _, results = text.partition(BEGIN)
    assert results.startswith("\nThe study `tested`: ")
    assert 2 <= first.count("\n- ") <= 3
    assert re.search(r"make smoke +# trains and reports a small study: about \d+ min on two", first)
    took = r"(\d+ h \d\d|\d+) min"
    assert re.search(rf"take about {took} on 2 cores and {took} on 16", first)
    assert text.endswith(f"\n{END}\n\nThe rest.\n")
    assert "stale" not in text
    assert (study_dir / "tables/aggregate.md").read_text() in text
    for name in FIGURES:
        assert f"(docs/figures/{name}.png)" in text
        copied = readme.parent / "docs/figures" / f"{name}.png"
        assert copied.read_bytes() == (study_dir / f"figures/{name}.png").read_bytes()
    assert "95 % intervals by percentile bootstrap" in text
    assert claims.in_short(study_dir) in text
    judged = (read_csv(study_dir / "tables/claims.csv")["verdict"] != "not_run").sum()
    assert judged
    assert sum(f"| {verdict} |" in line for line in text.splitlines() for verdict in VERDICTS) == (
        judged
    )
    monkeypatch.setattr(sys, "argv", [str(script), str(study_dir), str(readme)])
    runpy.run_path(str(script), run_name="__main__")
    assert readme.read_text() == text


def test_the_sentence_says_what_was_run_and_what_it_took(frames: Frames):
    minutes = f"{frames.runs['cpu_s'].sum() / 60:,.0f}"
    assert what_was_run(frames) == (
        "The study `tested`: `paper`, `stable_dual` and `stabilised` on cartpole-balance "
        "(10,000 steps) and acrobot-swingup (20,000 steps), 3 seeds each, 18 runs and "
        f"{minutes} core-minutes in all."
    )


def test_a_missing_figure_or_mark_leaves_the_file_alone(readme, study_dir):
    image = study_dir / "figures/temperature.png"
    content = image.read_bytes()
    image.unlink()
    with pytest.raises(ReportError, match=r"`python workflow/scripts/figure.py temperature"):
        fill(study_dir, readme, "")
    image.write_bytes(content)
    assert readme.read_text() == TEXT
    with pytest.raises(ReportError, match=r"begin figures --> and <!-- end figures --> are miss"):
        filled(f"{END}\n{BEGIN}\n", "x", readme)


def test_the_projects_own_readme_has_the_marks():
    text = (PROJECT / "README.md").read_text()
    for begin, end in (SHORT, COMMANDS, (BEGIN, END)):
        assert text.count(begin) == text.count(end) == 1
