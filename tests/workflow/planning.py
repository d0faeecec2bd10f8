"""A small study that Snakemake plans in a copy of the project, and what a plan holds."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.workflow.project import FIGURES, TABLES, THEORY_FIGURES, copy_project, snakemake

CONFIG = "trial.yaml"
STUDY = """
study: trial
study_seed: 1
variants: [paper, stabilised, improved_estep]
tasks: {cartpole-balance: 1000, acrobot-swingup: 1000}
seeds: [0, 1]
theory: true
"""
VARIANTS = ("paper", "stabilised", "improved_estep")
AFTER_TRAINING = Counter(
    [
        *("manifest", "aggregate", "estimates", "claims"),
        *("report_markdown", "report_html", "films", "all"),
        *(f"figure_{name}" for name in FIGURES),
        *(f"table_{name}" for name in TABLES),
    ]
)
THEORY = Counter(
    ["theory_errata", *(f"theory_{name}" for name in THEORY_FIGURES), "theory_section"]
)
"""What needs no run."""


def planned(folder: Path, *arguments: str) -> tuple[Counter[str], list[str]]:
    """The jobs that a dry run plans: how many of each rule, and the outputs of all."""
    result = snakemake(folder, CONFIG, "--dry-run", *arguments)
    assert result.returncode == 0, result.stderr
    text = result.stdout + result.stderr
    rules = Counter(re.findall(r"^(?:local)?rule (\w+):$", text, flags=re.MULTILINE))
    outputs = re.findall(r"^    output: (.*)$", text, flags=re.MULTILINE)
    files = (file.removesuffix(" (update)") for line in outputs for file in line.split(", "))
    return rules, sorted(files)


def runs(outputs: list[str]) -> list[str]:
    """The runs, as task/variant/seed, among `outputs`."""
    found = (re.fullmatch(r"results/trial/runs/(.*)/run\.json", file) for file in outputs)
    return [match[1] for match in found if match]


def begin(folder: Path) -> None:
    copy_project(folder)
    (folder / CONFIG).write_text(STUDY)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def append(project: Path, file: str, text: str) -> None:
    with (project / file).open("a") as opened:
        opened.write(text)


def trained(plan: tuple[Counter[str], list[str]]) -> dict[str, int]:
    """The runs of each variant that a plan trains."""
    rules = {rule: n for rule, n in plan[0].items() if rule.startswith("train_")}
    return {rule.removeprefix("train_"): n for rule, n in rules.items()}
