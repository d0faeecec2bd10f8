"""Every part of a report made to fail in turn: the report comes, and says what it lacks and why.

docs/faults.md shows some; `WRITE_PAGES=1 pytest tests/evaluation/telling/test_failing_parts.py`
writes its table anew.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mpo.evaluation.claims import claims_of
from mpo.evaluation.reading.frames import Frames, write_text
from mpo.evaluation.showing import figures, filmed, tables
from mpo.evaluation.showing.claims import files as claims
from mpo.evaluation.showing.exhibits import ReportError
from mpo.evaluation.showing.failures import count, standing
from mpo.evaluation.showing.marking import captioned
from mpo.evaluation.telling import origins
from mpo.evaluation.telling import report as telling
from mpo.evaluation.telling.page import report_html
from mpo.evaluation.telling.readme import block, filled
from mpo.study.claims import load_claims
from mpo.study.yaml_files import PROJECT
from mpo.theory import errata, section
from mpo.theory import figures as theory
from mpo.training.environment import Diverged
from mpo.training.replaying import NotPlayable, playing
from tests.evaluation.showing.drawn import DRAWN, MADE
from tests.evaluation.synthetic import DIVERGED

PAGE = PROJECT / "docs/faults.md"
MARKS = ("<!-- begin parts -->", "<!-- end parts -->")
CLAIMS = claims_of(load_claims())
FILMS = "FILMS"
TITLES = 12


def broken(*arguments: object, **more: object) -> None:
    raise RuntimeError("it broke")


def made_of(kind: str, name: str, rule: str) -> str:
    """What a report says of a part that broke."""
    return f"The {kind} `{name}` could not be made: `RuntimeError: it broke`; see `{rule}`."


@pytest.fixture(scope="module")
def whole(frames: Frames, study_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with all that a report is made of, each as small as it may be."""
    folder = tmp_path_factory.mktemp("whole") / "tested"
    shutil.copytree(study_dir, folder, ignore=shutil.ignore_patterns("runs", "figures", "tables"))
    for name in DRAWN:
        for kind in ("png", "svg", "csv"):
            write_text(f"{kind} of {name}", folder / f"figures/{name}.{kind}")
    for name in MADE:
        tables.make(name, frames, folder)
    claims.make(CLAIMS, folder)
    write_text("THEORY\n", folder / "theory/section.md")
    write_text(f"{FILMS}\n", folder / "films.md")
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """That study, to make anew what is to fail."""
    return Path(shutil.copytree(whole, tmp_path / "tested"))


def told(folder: Path, sentence: str) -> str:
    """The report, which has `sentence` where a part is missing, and all its other parts."""
    text = telling.report(folder)
    assert sentence in text.strip().split("\n\n")
    assert text.count("\n## ") == TITLES
    assert "**1 part of this report could not be made.**" in text.split("\n\n")[1]
    return text


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("what", ["drawn", "figure"])
def test_a_figure(folder: Path, frames: Frames, monkeypatch, name: str, what: str):
    monkeypatch.setattr(figures.module(name), what, broken)
    figures.make(name, frames, folder)
    monkeypatch.undo()
    text = told(folder, made_of("figure", name, f"failures/figure_{name}.json"))
    assert f"(figures/{name}.png)" not in text  # which holds the sentence, and no figure
    assert text.count("](figures/") == len(DRAWN) - 1
    assert count(f"figure_{name}", folder) == 1


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("what", ["table", "shown"])
def test_a_table(folder: Path, frames: Frames, monkeypatch, name: str, what: str):
    monkeypatch.setattr(tables.module(name), what, broken)
    tables.make(name, frames, folder)
    monkeypatch.undo()
    text = told(folder, made_of("table", name, f"failures/table_{name}.json"))
    assert captioned(tables.caption(name, frames)) not in text
    assert count(f"table_{name}", folder) == 1


def test_the_claims(folder: Path, monkeypatch):
    monkeypatch.setattr(claims, "judge", broken)
    claims.make(CLAIMS, folder)
    told(folder, made_of("table", "claims", "failures/table_claims.json"))
    assert count("claims", folder) == 1


def test_claims_are_judged_where_the_errata_could_not_be_computed(folder: Path, monkeypatch):
    monkeypatch.setattr(errata, "table", broken)
    errata.make(folder)
    claims.make(CLAIMS, folder)
    text = telling.report(folder)
    assert "theory/errata.csv has not been computed" in text
    assert standing(folder) == [made_of("table", "errata", "failures/table_errata.json")]


@pytest.mark.parametrize("kind", ["figure", "table"])
def test_a_caption(folder: Path, monkeypatch, kind: str):
    package = figures if kind == "figure" else tables
    monkeypatch.setattr(package.module("cost"), "caption", broken)
    told(folder, made_of(f"caption of the {kind}", "cost", _record(kind)))
    assert count("report_markdown", folder) == 1
    monkeypatch.undo()
    assert "could not be made" not in telling.report(folder)


def _record(kind: str) -> str:
    return f"failures/caption_of_the_{kind}_cost.json"


@pytest.mark.parametrize(
    ("name", "tells"),
    [
        *(
            (name, (telling, f"_{name}"))
            for name in ("what_was_run", "what_was_found", "overflows")
        ),
        ("origins", (origins, "told")),
    ],
)
def test_a_text(folder: Path, monkeypatch, name: str, tells: tuple):
    monkeypatch.setattr(*tells, broken)
    told(folder, made_of("text", name, f"failures/text_{name}.json"))
    assert count("report_markdown", folder) == 1


def test_the_section_of_the_theory(folder: Path, monkeypatch):
    monkeypatch.setattr(section, "section", broken)
    section.make(folder)
    told(folder, made_of("section", "theory", "failures/section_theory.json"))


@pytest.mark.parametrize("name", theory.NAMES)
def test_a_figure_of_the_theory(folder: Path, monkeypatch, name: str):
    monkeypatch.setattr(theory.module(name), "compute", broken)
    theory.make(name, folder)
    assert count(f"theory_{name}", folder) == 1
    for other in theory.NAMES:  # made elsewhere, in earnest
        monkeypatch.setattr(section, "_figure", lambda other, folder: [f"FIGURE {other}"])
    monkeypatch.setattr(section, "_errata", lambda folder: ["ERRATA"])
    section.make(folder)
    told(folder, made_of("figure", name, f"failures/figure_{name}.json"))
    text = (folder / "theory/section.md").read_text()
    assert text.startswith("ERRATA\n") and text.count("FIGURE") == len(theory.NAMES) - 1


def test_what_a_readme_shows_must_have_been_made(folder: Path, frames: Frames, monkeypatch):
    monkeypatch.setattr(figures.module("cost"), "drawn", broken)
    figures.make("cost", frames, folder)
    with pytest.raises(ReportError, match="figure `cost` could not be made"):
        block(folder, frames)


def test_a_page_shows_the_words_of_an_error_as_they_are(folder: Path, frames: Frames, monkeypatch):
    def odd(frames: Frames) -> None:
        raise ValueError("<script>alert(1)</script> *|`")

    monkeypatch.setattr(figures.module("cost"), "drawn", odd)
    figures.make("cost", frames, folder)
    for name in DRAWN:
        (folder / f"figures/{name}.svg").unlink()
    page = report_html(telling.report(folder), folder)
    assert "<code>ValueError: &lt;script&gt;alert(1)&lt;/script&gt; *|'</code>" in page


def test_a_picture_that_is_missing_is_named(folder: Path):
    for kind in ("png", "svg"):
        (folder / f"figures/cost.{kind}").unlink()
    page = report_html(
        "# A\n\n![cost](figures/cost.png)\n\n| a |\n| - |\n| ![b](b.gif) |\n", folder
    )
    assert page.count("is missing") == 2 and "figures/cost.png" in page and "b.gif" in page


def sentence(folder: Path, frames: Frames, break_: Callable[[pytest.MonkeyPatch], object]) -> str:
    """What the report says once the figure of costs is drawn in other circumstances."""
    with pytest.MonkeyPatch.context() as patch:
        break_(patch)
        figures.make("cost", frames, folder)
    return _sentence(telling.report(folder))


def _sentence(text: str) -> str:
    (line,) = (line for line in text.split("\n\n") if "figure `cost`" in line)
    return line


def test_the_page_shows_what_is_said(folder: Path, frames: Frames):
    def limits(patch: pytest.MonkeyPatch) -> None:
        def raises(*_: object) -> None:
            raise ValueError("Axis limits cannot be NaN or Inf")

        patch.setattr(figures.module("cost"), "figure", raises)

    nothing = frames.runs.assign(ms_per_update=float("nan"), cpu_s=float("nan"))
    lines = [
        ("drawing a figure raises", sentence(folder, frames, limits)),
        (
            "no run has what a figure shows",
            sentence(folder, dataclasses.replace(frames, runs=nothing), lambda patch: None),
        ),
    ]
    run = folder.parent / "run"
    run.mkdir()
    (run / "run.json").write_text(json.dumps({"divergence": DIVERGED}))
    with pytest.raises(NotPlayable) as why, playing(run):
        raise Diverged("action", "policy mean")
    films = filmed.section(frames, {("cartpole-balance", "paper"): str(why.value)}, 5.0)
    lines.append(("the run to be filmed diverged", films.strip().splitlines()[-1]))
    shown = pd.DataFrame(lines, columns=["what happens", "what the report says in its place"])
    page = PAGE.read_text(encoding="utf-8")
    current = filled(page, tables.markdown(shown), PAGE, MARKS)
    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(current, encoding="utf-8")
    assert page == current, "WRITE_PAGES=1 writes it anew"
