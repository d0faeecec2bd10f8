"""The report: complete, generated, one file; and the scripts that a person can type."""

from __future__ import annotations

import dataclasses
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from mpo.evaluation.claims import claims_of
from mpo.evaluation.reading.frames import Frames, read_csv, write_text
from mpo.evaluation.showing import figures, tables
from mpo.evaluation.showing.claims import files as claims
from mpo.evaluation.telling.page import report_html
from mpo.evaluation.telling.report import _untrained, _what_was_found, report
from mpo.study.claims import load_claims
from tests.evaluation.showing.drawn import DRAWN, MADE
from tests.evaluation.synthetic import write_study

PROJECT = Path(__file__).parents[3]
SECTIONS = [
    "In short",
    "Tasks and variants",
    "All tasks together",
    "Sweeps",
    "Claims",
    "Films",
    "Inside the algorithm",
    "The theory by computation",
    "Beside published scores",
    "What it costs",
    "Runs",
    "Settings",
]
TABLES = 1 + 2 + 3 + 1
"""Beside those that have a file: badges, tasks and variants, the claims' three, settings."""

SCRIPTS = re.compile("<script.*?</script>", flags=re.DOTALL)
FILMS = "No films were made: no OpenGL.\n"
THEORY = "Of 8 errata in the two papers 8 are confirmed.\n"


@pytest.fixture(scope="module")
def written(frames: Frames, study_dir: Path) -> str:
    for name in DRAWN:
        figures.write(name, frames, study_dir / "figures")
    for name in MADE:
        tables.write(name, frames, study_dir / "tables")
    claims.write(claims_of(load_claims()), study_dir)
    write_text(THEORY, study_dir / "theory/section.md")
    write_text(FILMS, study_dir / "films.md")
    return report(study_dir)


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("figures/temperature.png", "`python workflow/scripts/figure.py temperature"),
        ("tables/cost.md", "`python workflow/scripts/table.py cost"),
        ("films.md", "`python workflow/scripts/films.py"),
    ],
)
def test_a_missing_part_is_named_with_its_command(written, study_dir: Path, file, command):
    before = (study_dir / file).read_bytes()
    (study_dir / file).unlink()
    try:
        assert command in report(study_dir)
    finally:
        (study_dir / file).write_bytes(before)


def test_what_a_study_asks_for_no_more_is_not_told(written, study_dir: Path):
    """Though it lies there still."""
    theirs = study_dir / "reproduced.md"
    theirs.write_text("Beside another.")
    try:
        assert "Beside another." in report(study_dir)
        text = report(study_dir, left_out=["reproduced", "theory"])
    finally:
        theirs.unlink()
    assert "Reproduced?" not in text
    assert THEORY.strip() not in text
    assert THEORY.strip() in written


def test_the_report_has_all_sections_and_the_same_text_each_time(written, study_dir):
    assert re.findall(r"^## (.*)$", written, flags=re.MULTILINE) == SECTIONS
    assert written == report(study_dir)


def test_the_report_shows_every_figure_and_table(written, study_dir):
    for name in DRAWN:
        assert f"(figures/{name}.png)" in written
    for name in MADE:
        assert (study_dir / "tables" / f"{name}.md").read_text().strip() in written
    for name in read_csv(study_dir / "tables/claims.csv")["claim"]:
        assert f"\n| `{name}` | " in written, f"{name} is in no table of claims"


def test_the_report_names_diverged_runs_and_says_what_was_only_seen(written, frames: Frames):
    assert (
        "1 of 18 runs diverged (1 of paper on acrobot-swingup) and count with the least" in written
    )
    best = frames.aggregate[frames.aggregate["metric"] == "score_iqm"]
    name = best.loc[best["value"].idxmax(), "variant"]
    assert f"over all tasks is that of `{name}`" in written
    seen = written.index("What follows is seen, not tested")
    assert seen < written.index("The highest interquartile mean of the score")
    assert written.index("| claim | statement |") < seen, "what is tested comes first"


def test_runs_that_made_no_update_are_told_at_the_top(frames: Frames):
    assert _untrained(frames) == []
    idle = dataclasses.replace(frames, runs=frames.runs.assign(updates=0))
    (said,) = _untrained(idle)
    assert said.startswith("**18 of 18 runs made no update**, since their budget ends before")


def test_variants_that_share_the_highest_mean_are_all_named(frames: Frames):
    none = float("nan")
    tied = dataclasses.replace(
        frames, aggregate=frames.aggregate.assign(value=0.5, low=none, high=none)
    )
    found = "\n".join(_what_was_found(tied))
    assert "is that of `paper` and `stable_dual` and `stabilised`: 0.500, n = 3 runs" in found


def test_the_page_is_one_file_with_its_images_in_it(written, study_dir):
    page = SCRIPTS.sub("", report_html(written, study_dir))
    assert page.startswith("<!doctype html>")
    assert '<meta name="viewport"' in page
    assert page.count("<img ") == len(DRAWN)
    sources = re.findall(r'src="([^"]*)"', page)
    assert all(source.startswith("data:image/") for source in sources)
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert page.count("<table") == page.count("</table></div>") == TABLES + len(MADE)
    assert page.count('class="caption"') == 2 + len(MADE) + len(DRAWN)
    assert page.count("<figure") == page.count("<figcaption") == len(DRAWN)
    assert "<title>Study tested</title>" in page


def test_settings_are_told_as_differences_from_the_base(written):
    _, _, told = written.partition("## Settings\n")
    rows = [line.strip("| ").split(" | ") for line in told.strip().split("\n")[2:5]]
    assert rows[0] == ["stable_dual", "paper", "`dual`", "stable", "raw"]
    assert rows[1][:3] == ["stabilised", "stable_dual", "`returns`"]
    assert told.strip().endswith("As its base, or as the defaults: `paper`.")


def test_large_drawings_are_inlined_as_pixels(written, study_dir, monkeypatch):
    monkeypatch.setattr("mpo.evaluation.telling.markup.LARGEST_SVG", 10)
    assert "data:image/png" in report_html(written, study_dir)


def test_images_in_a_table_are_in_the_page_too(tmp_path):
    (tmp_path / "film.gif").write_bytes(b"GIF89a")
    page = report_html("# A\n\n| a |\n| --- |\n| ![one](film.gif) seed 1 |\n", tmp_path)
    assert '<td data-title="a"><img src="data:image/gif;base64,R0lGODlh" alt="one">' in page


def script(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    """Runs a script as if typed, in this process, since each start would import for seconds."""
    monkeypatch.setattr(sys, "argv", [str(argument) for argument in arguments])
    runpy.run_path(str(PROJECT / "workflow/scripts" / arguments[0]), run_name="__main__")


def test_the_commands_of_the_documentation_make_a_report_of_a_folder(tmp_path, monkeypatch):
    folder = write_study(tmp_path / "typed", ["cartpole-balance"], ["paper"], [0, 1], 3)
    text = (PROJECT / "docs/study-files.md").read_text(encoding="utf-8")
    typed = re.findall(r"^python workflow/scripts/(\S+) ([^#\n]*)", text, flags=re.MULTILINE)
    commands = [
        [name, *given.replace("results/smoke", str(folder)).split()] for name, given in typed
    ]
    assert {command[0] for command in commands} > {"aggregate.py", "report_html.py"}
    write_text(FILMS, folder / "films.md")
    write_text(THEORY, folder / "theory/section.md")  # what it holds is tested with the theory
    for command in commands:
        script(monkeypatch, *command)
    assert (folder / "figures/learning_curves.png").exists()
    assert (folder / "report.html").stat().st_size > 10_000


def test_a_faulty_study_stops_the_script_with_the_list_of_faults(tmp_path, monkeypatch):
    folder = write_study(tmp_path / "faulty", ["cartpole-balance"], ["paper"], [0], 3)
    (folder / "runs/cartpole-balance/paper/0/run.json").unlink()
    with pytest.raises(SystemExit, match=r"runs/cartpole-balance/paper/0: run.json is missing"):
        script(monkeypatch, "aggregate.py", "config/published.csv", folder)
    assert not (folder / "scores.csv").exists()


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("aggregate.py", ["config/nope.csv", "part"], r"config/nope.csv'$"),
        ("aggregate.py", ["config/published.csv", "nope"], "nope: there is no such folder"),
        ("estimates.py", ["part"], r"part/scores.csv'$"),
        ("estimates.py", ["nope"], "nope: there is no such folder"),
        ("report.py", ["nope"], r"nope/scores.csv'$"),
        ("report_html.py", ["part"], r"part/report.md'$"),
    ],
)
def test_what_a_script_misses_is_one_line(made, monkeypatch, name, given, said):
    folder = made()
    folder.rename(folder.with_name("part"))
    monkeypatch.chdir(folder.parent)
    published = str(PROJECT / "config/published.csv")
    given = [published if each == "config/published.csv" else each for each in given]
    with pytest.raises(SystemExit, match=said) as stopped:
        script(monkeypatch, name, *given)
    assert "\n" not in str(stopped.value)


def test_evaluation_imports_of_mpo_only_rundir_and_settings_and_never_torch():
    code = (
        "import sys, mpo.evaluation, mpo.evaluation.stages, mpo.evaluation.telling.report\n"
        "from mpo.evaluation.showing import figures, tables\n"
        "for each in figures.names(): figures.module(each)\n"
        "for each in tables.names(): tables.module(each)\n"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('mpo.')}\n"
        "print(sorted(rooms), 'torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "['evaluation', 'rundir', 'settings'] False\n", done.stdout + done.stderr
