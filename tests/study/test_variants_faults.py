"""Faults of variants.yaml: each is one line with file, path, value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.configuration import KNOWN_VARIANTS, assert_one_line, config

__all__ = ["config"]

FAULTS = {
    # text to replace, its replacement, the one line that must come of it
    "name that stands for every variant": (
        "late:",
        "all:",
        "variants.yaml: all: 'all' is not allowed; the name must be a lower-case letter, then "
        "letters, digits and _, since it names a rule, and not all, which stands for every variant",
    ),
    "yes for true": (
        "epsilon: 2e-1",
        "action_penalty: yes",
        "variants.yaml: late.settings.action_penalty: 'yes' is not allowed; "
        "it must be true or false",
    ),
    "duplicate variant entry": (
        "early:\n",
        "late:\n",
        "variants.yaml: line 10: 'late' is not allowed; the key stands there twice, "
        "first on line 5",
    ),
    "not YAML": (
        "{epsilon: 2e-1}",
        "{epsilon: 2e-1",
        "variants.yaml: line 10: 'early:' is not allowed; not YAML: expected ',' or '}', "
        "but got ':'",
    ),
    "unknown field of an entry": (
        "  change: bound",
        "  chagne: bound",
        "variants.yaml: late.chagne: 'bound' is not allowed; there is no such key; did you mean "
        "change? known are base, change, external, settings, source, sweep, tricks",
    ),
    "unknown option": (
        "dual: stable",
        "dual: stabel",
        "variants.yaml: early.settings.dual: 'stabel' is not allowed; allowed are raw, stable",
    ),
    "setting out of range": (
        "epsilon: 2e-1",
        "epsilon: -2e-1",
        "variants.yaml: late.settings.epsilon: -0.2 is not allowed; input should be greater than 0",
    ),
    "text for a setting": (
        "epsilon: 2e-1",
        "epsilon: high",
        "variants.yaml: late.settings.epsilon: 'high' is not allowed; "
        "input should be a valid number",
    ),
    "combination refused": (
        "epsilon: 2e-1",
        "kl: per_dimension",
        "variants.yaml: late.settings.kl: 'per_dimension' is not allowed; one constraint a "
        "dimension needs covariance diagonal, not full",
    ),
    "combination through the base": (
        "epsilon: 2e-1",
        "action_samples: 2, dual_learning_rate: 1e-3, epsilon: 0.69314718056",
        "variants.yaml: late.settings.epsilon: 0.69314718056 is not allowed; the KL of weights "
        "over action_samples = 2 never exceeds log N = 0.6931, so epsilon must be below that",
    ),
    "unknown base": (
        "base: early",
        "base: ealry",
        "variants.yaml: late.base: 'ealry' is not allowed; there is no such variant; "
        f"did you mean early? known are {KNOWN_VARIANTS}",
    ),
    "bases in a circle": (
        "base: paper",
        "base: late",
        "variants.yaml: early.base: 'late' is not allowed; bases must not go in a circle: "
        "late -> early -> late",
    ),
    "own base": (
        "base: early",
        "base: late",
        "variants.yaml: late.base: 'late' is not allowed; bases must not go in a circle: "
        "late -> late",
    ),
    "no base": (
        "  base: paper\n",
        "",
        "variants.yaml: early.base: nothing is not allowed; the key is required of all variants "
        "but paper: the name of a variant",
    ),
    "variant that wraps the environment": (
        "epsilon: 2e-1",
        "wrappers: [{wrapper: 'a:B'}]",
        'variants.yaml: late.settings.wrappers: [{"wrapper": "a:B"}] is not allowed; '
        "a variant cannot set it: a task or a study does",
    ),
    "variant that sets the budget": (
        "epsilon: 2e-1",
        "steps: 5",
        "variants.yaml: late.settings.steps: 5 is not allowed; "
        "a variant cannot set it: a task or a study does",
    ),
    "foreign code that is not there": (
        "  base: paper\n",
        "  external: [nowhere/sac.py]\n",
        "variants.yaml: early.external.0: 'nowhere/sac.py' is not allowed; "
        "there is no such file below the project's folder",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_with_file_path_value_and_what_is_allowed(fault: str, config: Path):
    assert_one_line(config / "variants.yaml", *FAULTS[fault])
