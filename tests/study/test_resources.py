"""What a run asks of a cluster: by its settings, its task's size, and what was measured."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mpo.project import SHIPPED
from mpo.settings import settings
from mpo.study.config import load_study
from mpo.study.resources import (
    DEFAULT,
    FILE,
    Rates,
    Size,
    asked,
    asked_by_cohort,
    read_rates,
    replay_mib,
    write_rates,
)

MILLION = {"steps": 1_000_000}
HOPPER, DOG = "dm_control/hopper-stand-v0", "dm_control/dog-stand-v0"
MEASURED = Rates(
    update_ms={"paper": 4.0},
    start_s={"paper": 30.0},
    act_us={"paper": 10.0},
    sizes={"hopper-stand": Size(15, 4, 60.0)},
)


def of(environment: str, rates: Rates | None = None, **fields: Any):
    chosen = settings({"environment": environment, **MILLION, **fields})
    return asked("hopper-stand", "paper", chosen, rates or Rates())


def test_processors_and_gpus_are_those_of_the_settings() -> None:
    assert of(HOPPER, threads=4)[0::3] == (4, 0)
    assert of(HOPPER, device="cuda")[0::3] == (1, 1)


def test_memory_is_enough_for_what_was_measured_on_resuming() -> None:
    """Peaks of a run that resumed with a full replay: 1,119 MiB on humanoid, 2,947 on dog."""
    assert 1119 < of("dm_control/humanoid-stand-v0").mem_mb < 2 * 1119
    assert 2947 < of(DOG).mem_mb < 2 * 2947


def test_memory_follows_the_replay() -> None:
    small = of(DOG, replay_capacity=1000).mem_mb
    assert small < of(HOPPER).mem_mb < of(DOG).mem_mb
    chosen = settings({"environment": HOPPER, "steps": 1000})
    assert replay_mib(chosen, Size(15, 4, 0.0)) == 2 * 1001 * 4 * 23 / 2**20
    iterations = {"steps": 60_000, "protocol": "iterations", "episode_steps": 300}
    more = {"returns": "td0", "dual_solver": "slsqp", "dual": "raw", "batch_size": 128}
    chosen = settings({"environment": HOPPER, **iterations, **more})
    assert replay_mib(chosen, Size(15, 4, 0.0)) == 50 * 301 * 4 * 23 / 2**20
    kept = chosen.model_copy(update={"replay_cleared": False})
    assert replay_mib(kept, Size(15, 4, 0.0)) == chosen.replay_capacity * 4 * 23 / 2**20


def test_minutes_follow_what_was_measured() -> None:
    """250,000 updates of 4 ms, a million steps of 60 + 10 us, 145 evaluation episodes of 1,000."""
    seconds = 30 + 1000 + 1.145 * 70
    assert 3 * seconds / 60 + 3 <= of(HOPPER, MEASURED).runtime < 3 * seconds / 60 + 8
    assert of(HOPPER, MEASURED).runtime > of(HOPPER).runtime  # an update of 2.5 ms by default


@pytest.mark.parametrize(
    ("fields", "longer"),
    [
        ({"steps_per_update": 1}, True),
        ({"batch_size": 1024}, True),
        ({"critic_hidden": (400, 400)}, True),
        ({"steps": 100_000}, False),
    ],
)
def test_minutes_follow_the_settings(fields: dict[str, Any], longer: bool) -> None:
    assert (of(HOPPER, **fields).runtime > of(HOPPER).runtime) is longer
    assert of(HOPPER, **fields).runtime != of(HOPPER).runtime


def test_the_size_of_a_task_is_found_behind_the_module_that_registers_it() -> None:
    assert of("mine:dm_control/dog-run-v0") == of("dm_control/dog-run-v0")
    assert of("dm_control/dog-run-v0") != of("dm_control/cartpole-swingup-v0")
    assert DEFAULT.step_us < 400


def test_rates_come_back_with_the_machine_that_they_are_of(tmp_path: Path) -> None:
    assert read_rates(tmp_path) == Rates()
    file = write_rates(tmp_path, MEASURED, {"machine": {"cpu": "a kind"}})
    assert file == tmp_path / FILE
    assert json.loads(file.read_text())["made_with"]["machine"]["cpu"] == "a kind"
    assert read_rates(tmp_path) == MEASURED


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"variants": {"paper": {}}, "tasks": {}}', '{"variants": 1}']
)
def test_what_is_no_rates_is_named_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ValueError, match=f"{tmp_path / FILE}: no rates that") as caught:
        read_rates(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_cohort_asks_for_all_its_runs() -> None:
    """On a processor for their time one after the other; beside a GPU for workers to simulate."""
    one, gpu = settings({}), settings({"device": "cuda"})
    alone = asked("toy", "paper", one, Rates())
    there = asked_by_cohort("toy", "paper", one, Rates(), 10)
    assert (there.threads, there.gpu) == (1, 0)
    assert there.runtime == 10 * alone.runtime
    assert there.mem_mb > alone.mem_mb
    beside = asked_by_cohort("toy", "paper", gpu, Rates(), 40)
    assert (beside.threads, beside.gpu) == (16, 1)
    assert beside.runtime == alone.runtime


def test_the_page_says_what_the_whole_suite_asks() -> None:
    page = (Path(__file__).parents[2] / "docs" / "clusters.md").read_text()
    rows = re.findall(r"^\| ([0-9,]+)(?: on (\w+))? \| (\d+) \| ([0-9,]+) \|$", page, re.MULTILINE)
    said = {
        (body, int(minutes), int(mb.replace(",", ""))): int(runs.replace(",", ""))
        for runs, body, minutes, mb in rows
    }
    asks = Counter[tuple[str, int, int]]()
    for run in load_study(SHIPPED / "config/full.yaml").runs:
        found = asked(run.task, run.variant, run.settings, Rates())
        body = "humanoid" if run.task.startswith("humanoid") else ""
        asks[body, found.runtime, found.mem_mb] += 1
    assert said == asks
