"""A study's crate, judged by the validator of the RO-Crate community.

It runs in an environment of its own, because its pins exclude Snakemake's, and without a network:
what the two JSON-LD contexts say of the terms that our crates use stands below.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest

from mpo.__main__ import main
from tests.evaluation.synthetic import write_study

VALIDATOR = "roc-validator==0.13.0"
PROFILE = "workflow-run-crate-0.5"
SCHEMA = "http://schema.org/"
OTHERS = {
    "File": f"{SCHEMA}MediaObject",
    "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",
    "conformsTo": "http://purl.org/dc/terms/conformsTo",
    "sha256": "https://w3id.org/ro/terms/workflow-run#sha256",
}
"""Terms that RO-Crate 1.1 and Workflow Run Crate do not take from schema.org under their name."""


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("validator")
    venv.create(folder, with_pip=True)
    command = [folder / "bin/python", "-m", "pip", "install", "--quiet", VALIDATOR]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{VALIDATOR} cannot be installed: {done.stderr.strip().splitlines()[-1]}")
    return folder / "bin/rocrate-validator"


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    """A crate of a made-up study, unpacked, its contexts written out."""
    study = write_study(tmp_path / "results/made_up", seeds=(0,))
    (study / "report.md").write_text("# The report\n")
    assert main(["crate", str(study), str(tmp_path / "crate.zip")]) == 0
    folder = tmp_path / "crate"
    shutil.unpack_archive(tmp_path / "crate.zip", folder)
    metadata = folder / "ro-crate-metadata.json"
    content = json.loads(metadata.read_text())
    terms = {term for entity in content["@graph"] for term in terms_of(entity)}
    content["@context"] = {term: OTHERS.get(term, SCHEMA + term) for term in sorted(terms)}
    metadata.write_text(json.dumps(content))
    return folder


def terms_of(entity: dict[str, Any]) -> set[str]:
    types = entity["@type"] if isinstance(entity["@type"], list) else [entity["@type"]]
    return {*types, *(key for key in entity if not key.startswith("@"))}


def validated(validator: Path, crate: Path) -> dict[str, Any]:
    out = crate.parent / "verdict.json"
    command = [validator, "validate", "--offline", "--no-paging", "--profile-identifier", PROFILE]
    command += ["--skip-availability-check", "--output-format", "json", "--output-file", out, crate]
    done = subprocess.run(command, capture_output=True, text=True)
    assert out.is_file(), done.stdout + done.stderr
    return json.loads(out.read_text())


def test_a_crate_passes_all_that_the_profile_requires(validator: Path, crate: Path) -> None:
    verdict = validated(validator, crate)
    assert verdict["passed"], verdict["issues"]
    assert PROFILE in verdict["statistics"]["profiles"]
    assert verdict["statistics"]["total_passed_checks"] > 40


def test_a_crate_says_no_time_that_no_file_tells(crate: Path) -> None:
    """When a file was written says when it was checked out, or was written again."""
    content = json.loads((crate / "ro-crate-metadata.json").read_text())
    action = next(entity for entity in content["@graph"] if entity["@id"] == "#run")
    assert not {"startTime", "endTime"} & set(action)


def test_the_validator_notices_an_action_without_its_workflow(validator: Path, crate: Path) -> None:
    metadata = crate / "ro-crate-metadata.json"
    content = json.loads(metadata.read_text())
    for entity in content["@graph"]:
        if entity["@id"] == "#run":
            del entity["instrument"]
    metadata.write_text(json.dumps(content))
    verdict = validated(validator, crate)
    assert not verdict["passed"]
    assert "instrument" in json.dumps(verdict["issues"])
