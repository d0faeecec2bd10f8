"""Faults of a study: each is one line with file, path, value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpo.study.config import ConfigError, load_study
from tests.configuration import KNOWN_VARIANTS, STUDY, assert_one_line, config

__all__ = ["config"]

SEED = "an integer from 0 to 4294967295"
BUDGET = "the task's budget in control steps, an integer of at least 1"
NAME = (
    "the study's name, which is also its folder below results/, "
    "of lower-case letters, digits, - and _, and not single, the folder of runs by hand"
)
FAULTS = {
    # text to replace, its replacement, the one line that must come of it
    "misspelt key": (
        "seeds:",
        "sedes:",
        "study.yaml: sedes: [0, 1] is not allowed; there is no such key; did you mean seeds? "
        "known are against_base, claims, cohorts, own_variants, reproduces, seeds, settings, "
        "study, study_seed, tasks, tensorboard, theory, variants",
    ),
    "missing key": (
        "study_seed: 1\n",
        "",
        "study.yaml: study_seed: nothing is not allowed; the key is required: "
        f"{SEED}, from which every random number of the study derives",
    ),
    "empty file": (
        STUDY,
        "",
        "study.yaml: null is not allowed; it must be a mapping with study, study_seed, variants, "
        "tasks and seeds",
    ),
    "name of the folder of runs by hand": (
        "trial",
        "single",
        f"study.yaml: study: 'single' is not allowed; it must be {NAME}",
    ),
    "number for a name": (
        "trial",
        "007",
        f"study.yaml: study: 7 is not allowed; it must be {NAME}; in quotes it is text",
    ),
    "sexagesimal": (
        "1000",
        "1:30",
        f"study.yaml: tasks.balance: '1:30' is not allowed; it must be {BUDGET}",
    ),
    "unknown task": (
        "hop: 2000",
        "hopp: 2000",
        "study.yaml: tasks.hopp: 2000 is not allowed; there is no such task; did you mean hop? "
        "known are balance, hop",
    ),
    "unknown variant": (
        "paper, late",
        "paper, lat",
        "study.yaml: variants.1: 'lat' is not allowed; there is no such variant; "
        f"did you mean late? known are {KNOWN_VARIANTS}",
    ),
    "duplicate seed": (
        "[0, 1]",
        "[0, 1, 0]",
        "study.yaml: seeds.2: 0 is not allowed; it is already item 0 of the list",
    ),
    "duplicate variant": (
        "paper, late",
        "paper, paper",
        "study.yaml: variants.1: 'paper' is not allowed; it is already item 0 of the list",
    ),
    "negative seed": (
        "[0, 1]",
        "[0, -1]",
        f"study.yaml: seeds.1: -1 is not allowed; it must be {SEED}",
    ),
    "seed too big": (
        "[0, 1]",
        "[4294967296]",
        f"study.yaml: seeds.0: 4294967296 is not allowed; it must be {SEED}",
    ),
    "no seeds": (
        "[0, 1]",
        "[]",
        f"study.yaml: seeds: [] is not allowed; it must be a list of at least one {SEED[3:]}",
    ),
    "slash in the name": (
        "trial",
        "../trial",
        f"study.yaml: study: '../trial' is not allowed; it must be {NAME}",
    ),
    "newline after the name": (
        "study: trial",
        'study: "trial\\n"',
        f"study.yaml: study: 'trial\\n' is not allowed; it must be {NAME}",
    ),
    "negative budget": (
        "1000",
        "-1000",
        f"study.yaml: tasks.balance: -1000 is not allowed; it must be {BUDGET}",
    ),
    "text for a number": (
        "1000",
        "100k",
        f"study.yaml: tasks.balance: '100k' is not allowed; it must be {BUDGET}",
    ),
    "NaN": (
        "1000",
        ".nan",
        f"study.yaml: tasks.balance: NaN is not allowed; it must be {BUDGET}",
    ),
    "fraction": (
        "1000",
        "1000.0",
        f"study.yaml: tasks.balance: 1000.0 is not allowed; it must be {BUDGET}",
    ),
    "truth for a number": (
        "1000",
        "true",
        f"study.yaml: tasks.balance: true is not allowed; it must be {BUDGET}",
    ),
    "budget at odds with the task": (
        "hop: 2000",
        "hop: 2001",
        "study.yaml: tasks.hop: 2001 is not allowed; must be a multiple of action_repeat = 2",
    ),
    "study that undoes a variant": (
        "seeds:",
        "settings: {epsilon: 0.4}\nseeds:",
        "study.yaml: settings.epsilon: 0.4 is not allowed; variant late sets epsilon to 0.2, "
        "which a task or a study must leave to it",
    ),
    "unknown setting of a study": (
        "seeds:",
        "settings: {evaluation_point: 4}\nseeds:",
        "study.yaml: settings.evaluation_point: 4 is not allowed; there is no such field; "
        "did you mean evaluation_points? ",
    ),
    "study that gives the environment keyword arguments": (
        "seeds:",
        "settings: {kwargs: {g: 1}}\nseeds:",
        'study.yaml: settings.kwargs: {"g": 1} is not allowed; '
        "it is given by an entry of tasks.yaml",
    ),
    "study that sets the environment": (
        "seeds:",
        "settings: {environment: Ant-v5}\nseeds:",
        "study.yaml: settings.environment: 'Ant-v5' is not allowed; "
        "it is given by an entry of tasks.yaml",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_with_file_path_value_and_what_is_allowed(fault: str, config: Path):
    assert_one_line(config / "study.yaml", *FAULTS[fault])


def test_a_file_that_is_not_there_is_one_line(config: Path):
    with pytest.raises(ConfigError, match=r"^none\.yaml: .* No such file or directory$"):
        load_study("none.yaml", (), config)
