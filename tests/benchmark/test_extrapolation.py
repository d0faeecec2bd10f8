"""What a study costs, by what was measured of its variants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mpo.__main__ import main
from mpo.benchmark import extrapolation, report
from mpo.study.config import load_study
from mpo.study.entries import load_variants
from mpo.study.resources import Size, read_rates

NAMES = ["paper", "stabilised"]
COSTS = {
    "update_ms": 2.0,
    "act_us": 10.0,
    "env_us": 100.0,
    "startup_cold_s": 30.0,
    "startup_s": 6.0,
}


def written(tmp_path: Path, **changes: Any) -> Path:
    content = {
        "study": "small",
        "study_seed": 1,
        "variants": NAMES,
        "tasks": {"hopper-stand": 100_000, "cartpole-balance": 20_000},
        "seeds": [4, 5, 6],
    }
    file = tmp_path / "small.yaml"
    file.write_text(yaml.safe_dump(content | changes))
    return file


def test_core_hours_add_up_updates_steps_decisions_and_starts(tmp_path: Path):
    study = load_study(written(tmp_path))
    found = {"paper": COSTS, "stabilised": COSTS | {"update_ms": 4.0}}
    evaluated = (24 * 5 + 25) * 1000  # steps of a run's 25 evaluations
    hopper, cartpole = 100_000 + evaluated, 20_000 + evaluated
    # on both a decision lasts 2 steps, and there is an update a decision
    updates = (100_000 + 20_000) / 2
    rest = 1e-4 * (hopper + cartpole) + 1e-5 * (hopper + cartpole) / 2
    starts = 2 * (30 + 6 + 6)
    hours = extrapolation.core_hours(study, found)
    assert hours["paper"] == pytest.approx((3 * (updates * 2e-3 + rest) + starts) / 3600)
    slower = {"hopper-stand": Size(15, 4, 200.0)}  # microseconds a step, twice those of COSTS
    stepping = extrapolation.core_hours(study, found, slower)["paper"] - hours["paper"]
    assert stepping == pytest.approx(3 * 1e-4 * hopper / 3600)
    more = 3 * updates * 2e-3 / 3600
    assert hours["stabilised"] - hours["paper"] == pytest.approx(more)


def test_the_command_measures_the_study_s_variants_and_tells_its_core_hours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    asked: list[Any] = []

    def measured(own: Any, **_: Any) -> Iterator[tuple[str, dict[str, float]]]:
        asked.append(own)
        yield "all", dict.fromkeys(report.LABELS, 1.0) | COSTS

    monkeypatch.setattr(report, "measured", measured)
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path)
    assert main(["benchmark", "--study", str(file)]) == 0
    shipped = load_variants()
    assert [set(own) for own in asked] == [set(shipped[name].settings) for name in NAMES]
    study = load_study(file)
    rates = read_rates(Path("results/small"))
    hours = extrapolation.core_hours(study, dict.fromkeys(NAMES, COSTS), rates.sizes)
    total = sum(hours.values())
    assert f"{file}: {total:.3g} core-hours" in capsys.readouterr().out
    assert rates.update_ms == dict.fromkeys(NAMES, COSTS["update_ms"])
    assert rates.start_s == dict.fromkeys(NAMES, COSTS["startup_cold_s"])
    assert rates.sizes["hopper-stand"][:2] == (15, 4)
    assert rates.sizes["cartpole-balance"][:2] == (5, 1)
    assert all(1.0 < size.step_us < 1e5 for size in rates.sizes.values())


def test_a_study_s_own_variants_and_settings_are_measured_with_it(tmp_path: Path):
    own = {
        "longer": {
            "base": "stabilised",
            "change": "-",
            "source": "-",
            "settings": {"sequence_length": 16},
        }
    }
    changes = {
        "variants": ["stabilised", "longer"],
        "own_variants": own,
        "settings": {"batch_size": 64},
    }
    measured = extrapolation.trained_variants(load_study(written(tmp_path, **changes)))
    assert [fields["batch_size"] for fields in measured.values()] == [64, 64]
    assert measured["longer"]["sequence_length"] == 16
    assert not {"environment", "steps"} & set(measured["longer"])


@pytest.mark.parametrize("other", [("--variants", "paper"), ("--scaling", "x")])
def test_a_study_and_something_else_to_measure_is_refused(
    other: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["benchmark", "--study", str(written(tmp_path)), *other]) == 2
    assert capsys.readouterr().err.startswith("mpo: --study: it measures its own variants")
