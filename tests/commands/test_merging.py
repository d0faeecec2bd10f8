"""`mpo merge`: shards of a study become the study; what disagrees is refused, all of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mpo.__main__ import main
from mpo.evaluation.reading.load import load
from mpo.evaluation.stages import write_estimates, write_runs, write_tables
from mpo.rundir import RUN_FILES, checksum
from mpo.study.config import load_study
from mpo.study.published import load_published
from mpo.study.study import Study
from tests.evaluation.synthetic import write_run

CONTENT = {
    "study": "toy",
    "study_seed": 1,
    "variants": ["paper", "stable_dual"],
    "tasks": {"cartpole-balance": 5000, "hopper-stand": 8000},
    "seeds": [0, 1, 2, 3],
    "settings": {"evaluation_points": 3},
}
RESULTS = Path("results/toy")
RUN = "runs/hopper-stand/paper/3"


def trained(study: Study, folder: Path, seeds: set[int]) -> None:
    """Files of the study's runs with these seeds, made up: the same wherever they are made."""
    for run, entry in zip(study.runs, study.manifest()["runs"], strict=True):
        if run.seed not in seeds:
            continue
        write_run(folder, study.manifest(), entry, reached=3)
        place = folder / run.path
        (place / "policy.safetensors").write_bytes(run.path.encode())
        record = json.loads((place / "run.json").read_text())
        files = {name: checksum((place / name).read_bytes()) for name in RUN_FILES[:4]}
        (place / "run.json").write_text(json.dumps(record | {"files": files}))


@pytest.fixture
def shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two machines' folders, of two seeds each, in which to merge."""
    monkeypatch.chdir(tmp_path)
    Path("toy.yaml").write_text(json.dumps(CONTENT))
    study = load_study("toy.yaml")
    for name, seeds in (("one", {0, 1}), ("two", {2, 3})):
        trained(study, Path(name), seeds)
    return ["one", "two"]


def merge(*sources: str) -> int:
    return main(["merge", "--study", "toy.yaml", *sources])


def computed(folder: Path) -> dict[str, bytes]:
    """Frames and tables, which are equal where the runs are."""
    write_runs(load(folder), load_published(), folder)
    write_estimates(folder)
    write_tables(folder)
    files = [*folder.glob("*.csv"), *folder.glob("estimates/*"), *folder.glob("tables/*")]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_merged_shards_give_the_tables_of_one_machine(
    shards: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert merge(*shards) == 0
    assert f"{RESULTS}: 16 of 16 runs\n" in capsys.readouterr().out
    study, whole = load_study("toy.yaml"), Path("whole/results/toy")
    trained(study, whole, {0, 1, 2, 3})
    study.write_manifest(whole / "manifest.json")
    found, expected = computed(RESULTS), computed(whole)
    assert len(found) > 15
    assert found == expected
    for run in study.runs:  # a trainer would find it
        kept = Path(run.state) / "finished" / "policy.safetensors"
        assert kept.read_bytes() == run.path.encode()


def test_shards_may_come_one_after_the_other_and_twice(
    shards: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert merge("one") == 0
    said = capsys.readouterr().out
    assert "8 of 16 runs" in said
    assert "missing: cartpole-balance/paper/2 and 7 more" in said
    shutil.copytree("two", "again")
    assert merge("two", "again") == 0
    assert "16 of 16 runs" in capsys.readouterr().out


def edit(key: str, value: object) -> None:
    file = Path("two", RUN, "run.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {key: value}))


def another_outcome() -> None:
    """The same run in both shards, whole in each, but with other bytes."""
    shutil.copytree(Path("two", RUN), Path("one", RUN))
    (policy := Path("one", RUN, "policy.safetensors")).write_bytes(b"other")
    file = policy.with_name("run.json")
    record = json.loads(file.read_text())
    record["files"]["policy.safetensors"] = checksum(b"other")
    file.write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda: edit("settings_digest", "0" * 64), f"two/{RUN}: trained with other settings or"),
        (lambda: edit("code_digest", "0" * 64), f"two/{RUN}: trained by other code (000000000000)"),
        (lambda: edit("seed", 3) or edit("code_digest", 3), f"two/{RUN}/run.json: it describes no"),
        (
            lambda: Path("two", RUN, "evaluations.csv").write_text("step\n"),
            f"two/{RUN}: evaluations.csv is not the file that the run wrote",
        ),
        (
            lambda: Path("two", RUN, "timing.csv").unlink(),
            f"two/{RUN}: timing.csv is missing",
        ),
        (
            lambda: Path("two", RUN).rename("two/runs/hopper-stand/paper/9"),
            "two/runs/hopper-stand/paper/9: study toy asks for no such run",
        ),
        (another_outcome, f"two/{RUN}: policy.safetensors not as in one/{RUN}"),
    ],
)
def test_what_disagrees_is_named_and_nothing_is_merged(
    shards: list[str],
    damage: Callable[[], object],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage()
    assert merge(*shards) == 2
    line, last = capsys.readouterr().err.splitlines()
    assert line.startswith(f"disagrees: {said}")
    assert last == "mpo: nothing is merged: 1 of the runs disagrees"
    assert not RESULTS.exists()
    assert not Path("state").exists()


def test_the_command_at_the_end_quotes_its_file(
    shards: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("toy.yaml").rename("my toy.yaml")
    assert main(["merge", "--study", "my toy.yaml", *shards]) == 0
    command = "snakemake --cores all --configfile 'my toy.yaml' trains"
    assert command in capsys.readouterr().out


def test_a_folder_that_is_no_study_s_is_refused(
    shards: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert merge("one", "three") == 2
    assert capsys.readouterr().err.startswith("mpo: SOURCES: 'three' is not allowed; ")
