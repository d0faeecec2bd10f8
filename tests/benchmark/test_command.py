"""`python -m mpo benchmark`, in its quick form."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mpo.__main__ import main
from mpo.benchmark import optimisations, report, scaling, steps, updates
from mpo.study.entries import load_variants
from mpo.training.environment import Environment
from mpo.training.environment.dm_control import DmControlSimulator

STABILISED = load_variants()["stabilised"].settings
KEYS = {
    "update_ms",
    "floor_ms",
    "ratio",
    "reference_ms",
    "act_us",
    "env_us",
    "physics_us",
    "step_ms",
    "peak_mib",
    "startup_s",
}


@pytest.mark.parametrize(
    "variant", ["stabilised", pytest.param("seed_report", marks=pytest.mark.soak)]
)
def test_every_key_is_there_and_plausible(
    variant: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "found.json"
    assert main(["benchmark", "--quick", "--variants", variant, "--json", str(file)]) == 0
    found = json.loads(file.read_text())[variant]
    made_with = found.pop("made_with")
    assert made_with["machine"]["threads"] == 1
    assert made_with["machine"]["compiled"] is False
    assert made_with["versions"]["torch"] == version("torch")
    assert set(found) >= KEYS
    assert set(found) == set(report.LABELS)
    assert all(0 < value < math.inf for value in found.values())
    assert found["floor_ms"] == pytest.approx(found["mflop"] / found["gflop_per_s"])
    assert found["reference_ratio"] == found["reference_ms"] / found["update_ms"]
    assert found["core_s_per_million"] == 1000 * found["step_ms"]
    assert 100 < found["peak_mib"] < 4000
    assert "times the floor" in capsys.readouterr().out


def test_times_are_in_the_units_that_they_are_said_to_be_in(monkeypatch: pytest.MonkeyPatch):
    """Where every call of anything takes two milliseconds."""

    def milliseconds(function: Callable[[], object], times: int) -> float:
        function()
        return 2.0

    monkeypatch.setattr(updates, "milliseconds", milliseconds)
    monkeypatch.setattr(steps, "milliseconds", milliseconds)
    assert steps.act_us(STABILISED, 2, 3) == 2000
    cost = updates.update_cost(STABILISED, 2, 3, compile_=False)
    assert (cost.update_ms, cost.eager_ms, cost.reference_ms) == (2, 2, 2)
    assert cost.gflop_per_s == pytest.approx(2 * 1024**3 / 2e-3 / 1e9)
    assert cost.floor_ms == pytest.approx(2 * cost.mflop * 1e6 / (2 * 1024**3))
    assert cost.ratio == pytest.approx(2 / cost.floor_ms)


def test_the_three_kinds_of_steps_simulate_the_same(monkeypatch: pytest.MonkeyPatch):
    """As a clock the simulated one, of which a control step of hopper takes 20 ms."""
    made: list[Environment] = []

    class Kept(Environment):
        def __init__(self, name: str) -> None:
            super().__init__(name)
            made.append(self)

    def simulated(function: Callable[[], object], times: int) -> float:
        simulator = made[0].simulator
        assert isinstance(simulator, DmControlSimulator)
        data = simulator.inner.physics.data
        before = data.time
        for _ in range(times):
            function()
        return 1000 * (data.time - before) / times

    monkeypatch.setattr(steps, "Environment", Kept)
    monkeypatch.setattr(steps, "milliseconds", simulated)
    cost = steps.environment_cost(2, 3)
    assert (cost.env_us, cost.simulator_us, cost.physics_us) == pytest.approx((2e4, 2e4, 2e4))


def test_an_unknown_variant_is_one_line(capsys: pytest.CaptureFixture[str]):
    assert main(["benchmark", "--variants", "papre"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("mpo: --variants: 'papre' is not allowed")
    assert "paper" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("device", "said"), [("tpu", "allowed are cpu, cuda"), ("cuda", "finds no GPU here")]
)
def test_a_device_that_is_not_there_is_one_line(
    device: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(["benchmark", "--device", device]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"mpo: device: {device!r} is not allowed")
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("sweep", ["--scaling", "--optimisations"])
def test_a_sweep_on_another_device_is_refused_rather_than_measured_on_the_processor(
    sweep: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert main(["benchmark", "--device", "cuda", sweep, str(tmp_path / "rows.csv")]) == 2
    assert capsys.readouterr().err.startswith("mpo: --device: 'cuda' is not allowed; sweeps")
    assert not list(tmp_path.iterdir())


def test_peak_memory_is_the_program_s_own_and_not_that_of_what_started_it():
    program = (
        "from mpo.benchmark.processes import peak_resident_mib;"
        "before = peak_resident_mib(); held = b'1' * (200 * 1024**2); del held;"
        "print(before, peak_resident_mib())"
    )
    larger = np.ones(1024**3 // 8)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    before, after = (float(word) for word in done.stdout.split())
    assert after < larger.nbytes / 1024**2
    assert 190 < after - before < 300


def test_beyond_a_checkout_the_reference_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(updates, "load_reference", lambda: None)
    parts = report.measured(STABILISED, **report.QUICK)
    name, update = next(parts)
    assert name == "updates"
    assert update.keys() & {"update_ms", "reference_ms", "reference_ratio"} == {"update_ms"}


@pytest.mark.soak
def test_every_optimisation_can_be_undone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """In quick form, where nothing is compiled; the patched names must exist all the same."""
    file = tmp_path / "undone.csv"
    arguments = ["benchmark", "--quick", "--variants", "stabilised", "--optimisations", str(file)]
    assert main(arguments) == 0
    rows = pd.read_csv(file).set_index("undone")
    assert list(rows.index) == [name for name, *_ in optimisations.UNDONE]
    assert rows.loc["nothing", "times"] == 1
    assert (rows["update_ms"] > 0).all()
    shown = capsys.readouterr().out
    assert all(name in shown for name in rows.index)


def test_processes_side_by_side_wait_for_each_other_and_say_what_an_update_took():
    """Not compiled; two runs of one learner's size."""
    assert 0 < scaling.side_by_side("stabilised", 1, 2, compile=False) < math.inf


def test_runs_at_once_are_held_against_what_the_cores_force(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scaling, "warmed", lambda variant, **changes: changes)
    monkeypatch.setattr(scaling, "update_ms", lambda changes, updates: 3.0)
    monkeypatch.setattr(scaling, "side_by_side", lambda variant, updates, runs: 2.0 + runs)
    monkeypatch.setattr("torch.multiprocessing.cpu_count", lambda: 4)
    rows = pd.DataFrame(scaling.swept("paper", 1))
    together = rows["varied"] == "runs"
    assert rows[together]["update_ms"].tolist() == [3, 4, 6, 10, 18]
    assert rows[together]["forced_ms"].tolist() == [3, 3, 3, 6, 12]
    assert rows[~together]["forced_ms"].isna().all()


def test_the_figure_of_sizes_shows_every_number_in_its_variant_s_colour():
    rows = pd.DataFrame(
        {
            "variant": variant,
            "varied": name,
            "value": value,
            "update_ms": 1.0 + value,
            "forced_ms": value if name == "runs" else math.nan,
        }
        for name, values in scaling.SWEEPS.items()
        for variant in ("paper", "stabilised")
        if (name, variant) != ("runs", "paper")
        for value in values
    )
    panels = scaling.figure(rows).axes
    for panel in panels:
        _, top = panel.get_ylim()
        assert all((np.asarray(line.get_ydata()) < top).all() for line in panel.lines)
    assert panels[-1].lines[0].get_color() == panels[0].lines[1].get_color()
