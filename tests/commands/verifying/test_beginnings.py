"""What is begun anew of a run: enough to refresh targets, to evaluate and to log, and no more."""

from __future__ import annotations

import pytest

from mpo.commands.verifying.beginnings import shortened
from mpo.settings import settings
from mpo.study.config import load_study
from mpo.study.entries import load_variants
from mpo.study.yaml_files import PROJECT
from tests.runs import tiny


def updates(chosen) -> int:
    after = chosen.steps - chosen.minimum_replay * chosen.action_repeat
    return after // chosen.steps_per_update


@pytest.mark.parametrize("name", ["pilot", "study"])
def test_the_beginnings_of_a_study_refresh_their_targets_and_log_more_than_once(name: str):
    for key, chosen in load_study(PROJECT / f"config/{name}.yaml").settings.items():
        short, lowered = shortened(chosen, None)
        period = max(chosen.policy_target_period, chosen.critic_target_period)
        assert period < updates(short) < 2000, key
        assert updates(short) > 2 * short.logging_updates
        assert short.steps < chosen.steps
        asked = {name: value for name, value in chosen.differences().items() if name != "steps"}
        assert short.differences() == asked | lowered | {"steps": short.steps}


def test_a_run_that_is_short_is_begun_whole():
    assert shortened(tiny(), None) == (tiny(), {})


def test_steps_may_be_asked_for_and_are_whole_decisions():
    assert shortened(tiny(), 100)[0].steps == 100
    assert shortened(tiny(action_repeat=2), 101)[0].steps == 102
    assert shortened(tiny(), 1000)[0].steps == 160


def test_iterations_are_begun_with_few_episodes_each():
    (variant,) = (v for v in load_variants().values() if v.name == "seed_report")
    chosen = settings({**variant.settings, "steps": 100_000})
    short, lowered = shortened(chosen, None)
    assert lowered["iteration_episodes"] == 5
    assert short.steps == 3 * 5 * chosen.episode_steps
