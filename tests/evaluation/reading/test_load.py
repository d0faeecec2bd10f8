"""Loading refuses whatever is not what the manifest asks for, and names it and its mend."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from mpo.evaluation.reading.faults import (
    OTHER_CODE,
    Fault,
    StudyError,
    configuration,
    configured,
)
from mpo.evaluation.reading.load import load
from mpo.evaluation.reading.manifest import ManifestError
from mpo.study.config import measured
from tests.shown_equal import record, shown

RUN = "runs/cartpole-balance/paper/0"
OTHER = "runs/cartpole-balance/paper/1"
THIRD = "runs/cartpole-balance/stable_dual/0"
FOURTH = "runs/cartpole-balance/stable_dual/1"


def faults(folder: Path) -> str:
    with pytest.raises(StudyError) as error:
        load(folder)
    return str(error.value)


def edit_json(path: Path, **changes) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def edit_rows(path: Path, change) -> None:
    change(pd.read_csv(path)).to_csv(path, index=False)


def test_a_sound_study_loads_in_the_order_of_its_manifest(made):
    study = load(made(variants=["stable_dual", "paper"]))
    assert study.runs["variant"].tolist() == ["stable_dual"] * 2 + ["paper"] * 2
    assert study.runs["seed"].tolist() == [0, 1, 0, 1]
    assert len(study.evaluations) == 4 * (2 + 2 + 3)
    assert not study.evaluations["filled"].any()
    assert list(study.training.columns[:6]) == [
        "study",
        "task",
        "variant",
        "seed",
        "step",
        "updates",
    ]


def test_a_missing_run_is_named_with_the_command_that_trains_it(made):
    folder = made()
    shutil.rmtree(folder / RUN)
    text = faults(folder)
    assert f"{RUN}: the run is missing" in text
    assert f"rm -rf {folder.as_posix()}/{RUN} && snakemake --cores all --configfile" in text


def test_the_commands_that_mend_quote_every_path(tmp_path):
    """Or `rm -rf` would remove what lies beside the study."""
    folder, run = tmp_path / "my results", "runs/a b/paper/0"
    faults = [Fault(run, "the run is missing"), Fault("runs/b", "other code", OTHER_CODE)]
    text = str(StudyError(folder, "my study", faults))
    quoted = f"'{folder}/{run}' '{folder}/runs/b'"
    options = "--configfile 'config/my study.yaml'"
    assert f"  rm -rf {quoted} && snakemake --cores all {options}\n" in text
    assert f"  python -m mpo verify '{folder}' --same-as COMMIT" in text


@pytest.mark.parametrize("name", ["evaluations.csv", "training.csv", "timing.csv", "run.json"])
def test_a_missing_file_is_named(made, name):
    folder = made()
    (folder / RUN / name).unlink()
    assert f"{RUN}: {name} is missing" in faults(folder)


@pytest.mark.parametrize(
    ("digest", "words"),
    [
        ("settings_digest", "trained with other settings"),
        ("code_digest", "trained with other code"),
    ],
)
def test_a_wrong_digest_is_named(made, digest, words):
    folder = made()
    edit_json(folder / RUN / "run.json", **{digest: "f" * 64})
    text = faults(folder)
    assert f"{RUN}: was {words}: {digest} is ffffffffffff, the study asks for" in text


def test_swapped_directories_are_named(made):
    folder = made()
    (folder / RUN).rename(folder / "aside")
    (folder / OTHER).rename(folder / RUN)
    (folder / "aside").rename(folder / OTHER)
    text = faults(folder)
    assert f"{RUN}: holds another run's files (seed 1)" in text
    assert f"{OTHER}: holds another run's files (seed 0)" in text


def test_another_study_seed_is_named(made):
    folder = made()
    edit_json(folder / RUN / "run.json", study_seed=8)
    assert "holds another run's files (study_seed 8)" in faults(folder)


def test_dropped_episodes_are_named(made):
    folder = made()
    edit_rows(folder / RUN / "evaluations.csv", lambda rows: rows.drop(index=2))
    assert "evaluations.csv has 1 episodes at step 6666, the study asks for 2" in faults(folder)


def test_a_dropped_evaluation_is_named(made):
    folder = made()
    edit_rows(folder / RUN / "evaluations.csv", lambda rows: rows[rows["step"] != 6666])
    assert "evaluations.csv has 0 episodes at step 6666" in faults(folder)


def test_doubled_rows_are_named(made):
    folder = made()
    edit_rows(folder / RUN / "evaluations.csv", lambda rows: pd.concat([rows, rows.iloc[[3]]]))
    text = faults(folder)
    assert "evaluations.csv has 1 doubled rows, the first of episode 1 at step 6666" in text


def test_more_episodes_than_asked_are_named(made):
    folder = made()
    edit_rows(
        folder / RUN / "evaluations.csv",
        lambda rows: pd.concat([rows, rows.iloc[[0]].assign(episode=7)]),
    )
    assert "has 3 episodes at step 3333, the study asks for 2" in faults(folder)


def test_an_evaluation_at_another_step_is_named(made):
    folder = made()
    edit_rows(folder / RUN / "evaluations.csv", lambda rows: rows.replace({"step": {3333: 3400}}))
    assert "has an evaluation at step 3400, which is none of [3333, 6666, 10000]" in faults(folder)


def test_returns_that_are_not_finite_are_named(made):
    folder = made()
    edit_rows(
        folder / RUN / "evaluations.csv", lambda rows: rows.assign(**{"return": float("inf")})
    )
    assert "evaluations.csv has returns that are not finite" in faults(folder)


def test_a_column_that_a_run_did_not_log_is_empty(made):
    folder = made()
    edit_rows(folder / RUN / "training.csv", lambda rows: rows.drop(columns=["look_ahead"]))
    training = load(folder).training
    assert training["look_ahead"].isna().sum() == (training["variant"] == "paper").sum() / 2
    assert training["bellman_residual"].notna().all()
    edit_rows(folder / RUN / "training.csv", lambda rows: rows[[*rows.columns[1:], "step"]])
    assert "training.csv has other columns than asked: " in faults(folder)


def test_other_columns_are_named(made):
    folder = made()
    edit_rows(folder / RUN / "training.csv", lambda rows: rows.rename(columns={"q_mean": "q"}))
    assert "training.csv has other columns than asked: q, q_mean" in faults(folder)


@pytest.mark.parametrize("dropped", [0, 10, -1])
def test_rows_dropped_from_training_are_named(made, dropped):
    folder = made()
    edit_rows(folder / RUN / "training.csv", lambda rows: rows.drop(index=rows.index[dropped]))
    assert "training.csv lacks rows about update" in faults(folder)


def test_iterations_have_as_many_updates_as_they_collected(made):
    """Where episodes may terminate no two of them need have as many."""
    folder = made()
    for run in folder.glob("runs/*/*/*/run.json"):
        edit_json(run, settings={"protocol": "iterations"})
    edit_rows(folder / RUN / "training.csv", lambda rows: rows.drop(index=rows.index[10]))
    assert not load(folder).training.empty
    edit_rows(folder / RUN / "training.csv", lambda rows: pd.concat([rows, rows.iloc[[4]]]))
    assert "training.csv has rows out of order or doubled" in faults(folder)


def test_doubled_rows_of_training_are_named(made):
    folder = made()
    edit_rows(folder / RUN / "training.csv", lambda rows: pd.concat([rows, rows.iloc[[4]]]))
    assert "training.csv has rows out of order or doubled" in faults(folder)


def test_broken_files_are_named(made):
    folder = made()
    (folder / RUN / "run.json").write_text("{")
    (folder / OTHER / "timing.csv").write_text("step\nno number\n")
    (folder / THIRD / "run.json").write_text("[]")
    text = faults(folder)
    assert f"{THIRD}: run.json is no JSON object" in text
    record = json.loads((folder / FOURTH / "run.json").read_text())
    record.pop("updates")
    (folder / FOURTH / "run.json").write_text(json.dumps(record))
    assert f"{FOURTH}: run.json lacks updates" in faults(folder)
    assert f"{RUN}: run.json is not JSON" in text
    assert f"{OTHER}: timing.csv" in text


def test_an_unknown_status_and_format_are_named(made):
    folder = made()
    edit_json(folder / RUN / "run.json", status="fine")
    edit_json(folder / OTHER / "run.json", format=2)
    text = faults(folder)
    assert "status 'fine' is not allowed; completed or diverged" in text
    assert "run.json has format 2, this code reads 1" in text


def test_all_faults_are_listed_with_one_command(made):
    folder = made()
    shutil.rmtree(folder / RUN)
    edit_json(folder / OTHER / "run.json", code_digest="f" * 64)
    with pytest.raises(StudyError) as error:
        load(folder)
    assert len(error.value.faults) == 2
    assert str(error.value).count("snakemake") == 1


def test_a_run_of_other_code_stands_where_that_is_shown_equal_for_it(made):
    folder = made()
    run = json.loads((folder / RUN / "run.json").read_text())
    edit_json(folder / RUN / "run.json", code_digest="f" * 64)
    show = f"python -m mpo verify {folder.as_posix()} --same-as COMMIT"
    assert show in faults(folder)
    key = {"task": "cartpole-balance", "variant": "paper"}
    chain = shown("f" * 64, "e" * 64, **key), shown("e" * 64, run["code_digest"], **key)
    record(folder, *chain)
    assert len(load(folder).runs) == 4
    record(folder, chain[0])
    assert f"{RUN}: was trained with other code" in faults(folder)
    record(folder, *(link.model_copy(update={"variant": "stable_dual"}) for link in chain))
    assert f"{RUN}: was trained with other code" in faults(folder)
    record(folder, *chain)
    edit_json(folder / RUN / "run.json", settings_digest="0")
    text = faults(folder)
    assert f"{RUN}: was trained with other settings" in text
    assert show not in text


def test_what_a_diverged_run_did_not_reach_has_rows_without_a_return(made):
    folder = made(diverged={("cartpole-balance", "paper", 1): 1})
    rows = load(folder).evaluations
    filled = rows[rows["filled"]]
    assert filled["step"].tolist() == [6666, 10000]
    assert filled["return"].isna().all()
    assert set(filled["seed"]) == {1}


def test_a_run_that_diverged_at_once_is_filled_whole(made):
    folder = made(diverged={("cartpole-balance", "paper", 1): 0})
    rows = load(folder).evaluations
    assert rows["filled"].sum() == 3


def test_a_diverged_run_without_a_return_to_fill_with_is_a_fault(made):
    folder = made(diverged={("cartpole-balance", "paper", 1): 1})
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["tasks"]["cartpole-balance"]["random_return"] = None
    (folder / "manifest.json").write_text(json.dumps(manifest))
    text = faults(folder)
    assert "manifest.json: tasks.cartpole-balance.random_return: missing" in text
    assert text.splitlines()[-1] == f"  {measured('cartpole-balance')}"
    assert "--task cartpole-balance --csv config/random_scores.csv" in text


def test_a_users_own_code_needs_evaluations_and_a_short_run_json_only(made):
    folder = made(variants=["paper", "sac"])
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["variants"]["sac"]["base"] = None
    (folder / "manifest.json").write_text(json.dumps(manifest))
    for seed in (0, 1):
        path = folder / "runs/cartpole-balance/sac" / str(seed)
        run = json.loads((path / "run.json").read_text())
        keys = ["format", "task", "variant", "seed", "study_seed", "status"]
        digests = ["settings_digest", "code_digest"]
        (path / "run.json").write_text(json.dumps({key: run[key] for key in keys + digests}))
        for name in ("training.csv", "timing.csv"):
            edit_rows(path / name, lambda rows: rows.head(0))
    study = load(folder)
    assert set(study.training["variant"]) == {"paper"}
    assert len(study.runs) == 4


def test_a_manifest_that_cannot_be_read_says_so(tmp_path, monkeypatch):
    with pytest.raises(ManifestError, match="there is no such folder; a study's is results/STUDY"):
        load(tmp_path / "nope")
    with pytest.raises(ManifestError, match="there is no such file; this is no study's folder"):
        load(tmp_path)
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "config/some.yaml"
    config.parent.mkdir()
    config.write_text(f"study: {tmp_path.name}\n")
    first = "there is no such file; the first step of `snakemake --cores all --configfile config/so"
    with pytest.raises(ManifestError, match=first):
        load(tmp_path)
    (tmp_path / "manifest.json").write_text('{"format": 2}')
    with pytest.raises(ManifestError, match="format: 2 is not allowed; this code reads 1"):
        load(tmp_path)
    (tmp_path / "manifest.json").write_text('{"format": 1}')
    with pytest.raises(ManifestError, match="key 'evaluation' is missing"):
        load(tmp_path)


@pytest.mark.parametrize(("text", "what"), [("[]", "list"), ('"a"', "str"), ("null", "NoneType")])
def test_a_manifest_that_is_no_object_says_so(tmp_path, text, what):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ManifestError) as error:
        load(tmp_path)
    said = f"manifest.json: a {what} is not allowed; a manifest must be an object"
    assert str(error.value) == f"{tmp_path}/{said}"


def test_the_mend_names_the_file_that_configures_the_study(tmp_path):
    lines = "# the default\nstudy: default\nseeds: [0]\nreproduces: shipped\n"
    (tmp_path / "study.yaml").write_text(lines)
    file = f"--configfile {tmp_path.as_posix()}/study.yaml"
    assert configuration("default", tmp_path) == file
    assert configuration("shipped", tmp_path) == f"{file} --config study=shipped"
    (tmp_path / "my own.yaml").write_text("study: mine\n")
    assert configuration("mine", tmp_path) == f"--configfile '{tmp_path.as_posix()}/my own.yaml'"
    assert configured("other", tmp_path) is None
    assert configuration("other", tmp_path) == f"--configfile {tmp_path.as_posix()}/other.yaml"
