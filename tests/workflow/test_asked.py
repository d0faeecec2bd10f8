"""What the runs of a study ask of a cluster, as Snakemake plans it."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from mpo.study.yaml_files import PROJECT
from tests.workflow.project import copy_project, snakemake

STUDY = """
study: asked
study_seed: 1
variants: [paper]
tasks: {cartpole-balance: 100000, dog-stand: 1000000}
seeds: [0]
settings: {threads: 4, device: cuda}
"""


def test_a_run_asks_by_its_own_settings(tmp_path: Path) -> None:
    copy_project(tmp_path)
    (tmp_path / "asked.yaml").write_text(STUDY)
    done = snakemake(tmp_path, "asked.yaml", "--dry-run", "--cores", "8")
    assert done.returncode == 0, done.stderr
    told = done.stdout + done.stderr
    jobs = re.findall(r"^rule train_paper:\n(.*?)\nShell", told, flags=re.MULTILINE | re.DOTALL)
    asked = {re.search(r"task=([\w-]+)", text)[1]: text for text in jobs}  # type: ignore[index]
    assert set(asked) == {"cartpole-balance", "dog-stand"}
    for text in asked.values():
        assert re.search("^    threads: 4$", text, flags=re.MULTILINE)
        assert "gpu=1" in text
    memory, minutes = (
        {task: int(re.search(rf"{name}=(\d+)", text)[1]) for task, text in asked.items()}  # type: ignore[index]
        for name in ("mem_mb", "runtime")
    )
    assert memory["dog-stand"] > 2 * memory["cartpole-balance"]
    assert minutes["dog-stand"] > 2 * minutes["cartpole-balance"]


def test_the_profile_for_slurm_has_what_a_hang_or_a_lost_run_was_cured_by() -> None:
    text = (PROJECT / "profiles/slurm/profile.yaml").read_text()
    profile = yaml.safe_load(text)
    assert profile["slurm-status-command"] == "squeue"
    assert profile["retries"] == 3
    asked = profile["default-resources"]
    assert "--signal=TERM@120" in asked["slurm_extra"]
    assert asked["runtime"].endswith("* attempt") and asked["mem_mb"].endswith("* attempt")
    assert "cpus_per_task" not in asked  # it would replace a rule's threads
    assert "slurm-array-jobs" not in profile
    assert re.search("# EDIT.*\n *# slurm_account: .*\n *# slurm_partition: ", text)
