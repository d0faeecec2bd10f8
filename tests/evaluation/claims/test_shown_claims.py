"""The claims table: its files, its section of the report, and how it reads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mpo.evaluation.claims import claims_of, judge
from mpo.evaluation.claims.judging import COLUMNS, VERDICTS
from mpo.evaluation.claims.metrics import METRICS
from mpo.evaluation.reading.frames import Frames, read_csv
from mpo.evaluation.showing.claims.files import section, write
from mpo.evaluation.showing.claims.shown import brief, said_undecided, shown
from mpo.evaluation.showing.exhibits import ReportError
from mpo.study.claims import load_claims
from tests.evaluation.claims.planting import ERRATA, PAIR, claim, planted


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


def test_what_has_no_runs_is_not_said_to_have_too_few(study_dir: Path, tmp_path: Path):
    folder = Path(shutil.copytree(study_dir, tmp_path / "few", ignore=lambda *_: ["runs"]))
    share = {"test": "share", "margin": 0.9, "threshold": 0.3, "variants": ["paper"]}
    claims = [
        claim("few-runs", **share),
        claim("no-runs", **share | {"metric": "gain_after_million"}),
    ]
    write(claims, folder)
    rows = read_csv(folder / "tables/claims.csv").set_index("claim")
    assert rows.loc["no-runs", "verdict"] == "not_run"
    said = section(folder).split("\n\n")[1]
    assert said == (
        "So few runs cannot decide or support these claims, whatever they show: `few-runs` "
        "(support takes 29 runs)."
    )


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
