"""A sound configuration in a folder of its own, for tests to load and to break."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpo.study.config import ConfigError, Study, load_study

TASKS = """
balance:
  environment: dm_control/cartpole-balance-v0
  score_range: [0, 1000]
  reference: the suite
  steps: 100000
hop:
  environment: dm_control/hopper-hop-v0
  score_range: [0, 1000]
  reference: the suite
  steps: 1e6
  action_repeat: 2
"""
VARIANTS = """
paper:
  change: nothing
  source: P1
late:
  base: early
  change: bound
  source: ours
  settings: {epsilon: 2e-1}
early:
  base: paper
  change: dual and bound
  source: ours
  settings: {dual: stable, epsilon: 0.3}
"""
STUDY = """
study: trial
study_seed: 1
variants: [paper, late]
tasks: {balance: 1000, hop: 2000}
seeds: [0, 1]
"""
KNOWN_VARIANTS = "early, late, paper"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a sound configuration."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("tasks", TASKS), ("variants", VARIANTS), ("study", STUDY)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def load(config: Path, *overrides: str) -> Study:
    return load_study(config / "study.yaml", overrides, config)


def assert_one_line(file: Path, old: str, new: str, line: str) -> None:
    """Put `new` where `old` stands in a file of a sound configuration, and expect the line.

    A line that ends in "? " is the beginning of one that goes on with a list of all fields.
    """
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load(file.parent)
    assert "\n" not in str(caught.value)
    if line.endswith("? "):
        assert str(caught.value).startswith(line)
    else:
        assert str(caught.value) == line
