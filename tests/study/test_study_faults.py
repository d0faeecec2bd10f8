"""Configuration: every kind of fault is one line with file, path, value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpo.study.config import ConfigError, load_study
from tests.configuration import STUDY, config, load

__all__ = ["config"]

KNOWN_VARIANTS = "early, late, paper"
SEED = "an integer from 0 to 4294967295"
BUDGET = "the task's budget in control steps, an integer of at least 1"
NAME = (
    "the study's name, which is also its folder below results/, "
    "of lower-case letters, digits, - and _"
)

# file, text to replace, its replacement, the one line that must come of it
FAULTS = {
    "misspelt key": (
        "study",
        "seeds:",
        "sedes:",
        "study.yaml: sedes: [0, 1] is not allowed; there is no such key; did you mean seeds? "
        "known are seeds, settings, study, study_seed, tasks, variants",
    ),
    "missing key": (
        "study",
        "study_seed: 1\n",
        "",
        "study.yaml: study_seed: nothing is not allowed; the key is required: "
        f"{SEED}, from which every random number of the study derives",
    ),
    "empty file": (
        "study",
        STUDY,
        "",
        "study.yaml: null is not allowed; it must be a mapping with study, study_seed, variants, "
        "tasks and seeds",
    ),
    "unknown task": (
        "study",
        "hop: 2000",
        "hopp: 2000",
        "study.yaml: tasks.hopp: 2000 is not allowed; there is no such task; did you mean hop? "
        "known are balance, hop",
    ),
    "unknown variant": (
        "study",
        "paper, late",
        "paper, lat",
        "study.yaml: variants.1: 'lat' is not allowed; there is no such variant; "
        f"did you mean late? known are {KNOWN_VARIANTS}",
    ),
    "duplicate seed": (
        "study",
        "[0, 1]",
        "[0, 1, 0]",
        "study.yaml: seeds.2: 0 is not allowed; it is already item 0 of the list",
    ),
    "duplicate variant": (
        "study",
        "paper, late",
        "paper, paper",
        "study.yaml: variants.1: 'paper' is not allowed; it is already item 0 of the list",
    ),
    "negative seed": (
        "study",
        "[0, 1]",
        "[0, -1]",
        f"study.yaml: seeds.1: -1 is not allowed; it must be {SEED}",
    ),
    "seed too big": (
        "study",
        "[0, 1]",
        "[4294967296]",
        f"study.yaml: seeds.0: 4294967296 is not allowed; it must be {SEED}",
    ),
    "no seeds": (
        "study",
        "[0, 1]",
        "[]",
        f"study.yaml: seeds: [] is not allowed; it must be a list of at least one {SEED[3:]}",
    ),
    "slash in the name": (
        "study",
        "trial",
        "../trial",
        f"study.yaml: study: '../trial' is not allowed; it must be {NAME}",
    ),
    "newline after the name": (
        "study",
        "study: trial",
        'study: "trial\\n"',
        f"study.yaml: study: 'trial\\n' is not allowed; it must be {NAME}",
    ),
    "negative budget": (
        "study",
        "1000",
        "-1000",
        f"study.yaml: tasks.balance: -1000 is not allowed; it must be {BUDGET}",
    ),
    "text for a number": (
        "study",
        "1000",
        "100k",
        f"study.yaml: tasks.balance: '100k' is not allowed; it must be {BUDGET}",
    ),
    "NaN": (
        "study",
        "1000",
        ".nan",
        f"study.yaml: tasks.balance: NaN is not allowed; it must be {BUDGET}",
    ),
    "fraction": (
        "study",
        "1000",
        "1000.0",
        f"study.yaml: tasks.balance: 1000.0 is not allowed; it must be {BUDGET}",
    ),
    "truth for a number": (
        "study",
        "1000",
        "true",
        f"study.yaml: tasks.balance: true is not allowed; it must be {BUDGET}",
    ),
    "infinite score": (
        "tasks",
        "[0, 1000]",
        "[0, .inf]",
        "tasks.yaml: balance.score_range.1: Infinity is not allowed; it must be a finite number",
    ),
    "empty score range": (
        "tasks",
        "[0, 1000]",
        "[5, 5]",
        "tasks.yaml: balance.score_range: [5, 5] is not allowed; the first number must be below "
        "the second",
    ),
    "slash in an alias": (
        "tasks",
        "hop:",
        "hop/er:",
        "tasks.yaml: hop/er: 'hop/er' is not allowed; the name must be letters, digits, - and _ "
        "(no slash), since it names a folder",
    ),
    "duplicate key": (
        "tasks",
        "  steps: 100000\n",
        "  steps: 100000\n  steps: 5\n",
        "tasks.yaml: line 7: 'steps' is not allowed; the key stands there twice, first on line 6",
    ),
    "duplicate variant entry": (
        "variants",
        "early:\n",
        "late:\n",
        "variants.yaml: line 10: 'late' is not allowed; the key stands there twice, "
        "first on line 5",
    ),
    "not YAML": (
        "variants",
        "{epsilon: 2e-1}",
        "{epsilon: 2e-1",
        "variants.yaml: line 10: 'early:' is not allowed; not YAML: expected ',' or '}', "
        "but got ':'",
    ),
    "unknown field of an entry": (
        "variants",
        "  change: bound",
        "  chagne: bound",
        "variants.yaml: late.chagne: 'bound' is not allowed; there is no such key; did you mean "
        "change? known are base, change, external, settings, source",
    ),
    "unknown option": (
        "variants",
        "dual: stable",
        "dual: stabel",
        "variants.yaml: early.settings.dual: 'stabel' is not allowed; allowed are raw, stable",
    ),
    "setting out of range": (
        "variants",
        "epsilon: 2e-1",
        "epsilon: -2e-1",
        "variants.yaml: late.settings.epsilon: -0.2 is not allowed; input should be greater than 0",
    ),
    "text for a setting": (
        "variants",
        "epsilon: 2e-1",
        "epsilon: high",
        "variants.yaml: late.settings.epsilon: 'high' is not allowed; "
        "input should be a valid number",
    ),
    "combination refused": (
        "variants",
        "epsilon: 2e-1",
        "kl: per_dimension",
        "variants.yaml: late.settings.kl: 'per_dimension' is not allowed; one constraint a "
        "dimension needs covariance diagonal, not full",
    ),
    "combination through the base": (
        "variants",
        "epsilon: 2e-1",
        "action_samples: 2, dual_learning_rate: 1e-3, epsilon: 0.69314718056",
        "variants.yaml: late.settings.epsilon: 0.69314718056 is not allowed; the KL of weights "
        "over action_samples = 2 never exceeds log N = 0.6931, so epsilon must be below that",
    ),
    "budget at odds with the task": (
        "study",
        "hop: 2000",
        "hop: 2001",
        "study.yaml: tasks.hop: 2001 is not allowed; must be a multiple of action_repeat = 2",
    ),
    "unknown base": (
        "variants",
        "base: early",
        "base: ealry",
        "variants.yaml: late.base: 'ealry' is not allowed; there is no such variant; "
        f"did you mean early? known are {KNOWN_VARIANTS}",
    ),
    "bases in a circle": (
        "variants",
        "base: paper",
        "base: late",
        "variants.yaml: early.base: 'late' is not allowed; bases must not go in a circle: "
        "late -> early -> late",
    ),
    "own base": (
        "variants",
        "base: early",
        "base: late",
        "variants.yaml: late.base: 'late' is not allowed; bases must not go in a circle: "
        "late -> late",
    ),
    "no base": (
        "variants",
        "  base: paper\n",
        "",
        "variants.yaml: early.base: nothing is not allowed; the key is required of all variants "
        "but paper: the name of a variant",
    ),
    "variant that sets the budget": (
        "variants",
        "epsilon: 2e-1",
        "steps: 5",
        "variants.yaml: late.settings.steps: 5 is not allowed; "
        "a variant cannot set it: a task or a study does",
    ),
    "study that undoes a variant": (
        "study",
        "seeds:",
        "settings: {epsilon: 0.4}\nseeds:",
        "study.yaml: settings.epsilon: 0.4 is not allowed; variant late sets epsilon to 0.2, "
        "which a task or a study must leave to it",
    ),
    "unknown setting of a study": (
        "study",
        "seeds:",
        "settings: {evaluation_point: 4}\nseeds:",
        "study.yaml: settings.evaluation_point: 4 is not allowed; there is no such field; "
        "did you mean evaluation_points? ",
    ),
    "study that sets the environment": (
        "study",
        "seeds:",
        "settings: {environment: Ant-v5}\nseeds:",
        "study.yaml: settings.environment: 'Ant-v5' is not allowed; "
        "it is given by an entry of tasks.yaml",
    ),
    "foreign code that is not there": (
        "variants",
        "  base: paper\n",
        "  external: [nowhere/sac.py]\n",
        "variants.yaml: early.external.0: 'nowhere/sac.py' is not allowed; "
        "there is no such file below the project's folder",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_with_file_path_value_and_what_is_allowed(fault: str, config: Path):
    file, old, new, line = FAULTS[fault]
    path = config / f"{file}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load(config)
    assert "\n" not in str(caught.value)
    if line.endswith("? "):  # a list of all fields follows
        assert str(caught.value).startswith(line)
    else:
        assert str(caught.value) == line


def test_a_file_that_is_not_there_is_one_line(config: Path):
    with pytest.raises(ConfigError, match=r"^none\.yaml: .* No such file or directory$"):
        load_study("none.yaml", (), config)
