"""What run.json says of the machine, the versions and the code that a run was made with."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import torch

from mpo.settings import option

PACKAGES = ("torch", "numpy", "gymnasium", "shimmy", "mujoco", "dm-control", "safetensors")
CPU_FLAGS = ("avx", "avx2", "avx512f", "fma", "amx_tile")


def versions() -> dict[str, str]:
    """Versions of Python and of every package that a run's numbers depend on."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **found}


def git() -> dict[str, Any]:
    """Commit and whether the work tree differs from it; where git does not tell, None and why.

    It does not where there is no repository, and none where the repository is another user's.
    """
    folder = Path(__file__).parent
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        dirty = bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))
    except subprocess.CalledProcessError as error:
        why = error.stderr.strip().partition("\n")[0].removeprefix("fatal: ")
        return {"commit": None, "dirty": None, "why": why}
    except (OSError, subprocess.SubprocessError) as error:
        return {"commit": None, "dirty": None, "why": str(error)}
    return {"commit": commit, "dirty": dirty}


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
        env=os.environ | {"LC_ALL": "C"},
    )
    return result.stdout.strip()


def machine(device: str, compiled: bool) -> dict[str, Any]:
    """CPU model and relevant flags, cores, threads, torch's build, and the mode of updates."""
    model, flags = platform.processor(), []
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value.strip()
            elif key.strip() == "flags":
                flags = [flag for flag in CPU_FLAGS if flag in value.split()]
                break
    return {
        "cpu": model,
        "flags": flags,
        "cores": torch.multiprocessing.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch_build": torch.__version__,
        "compiled": compiled,
        "device": option("device", device).name(),
    }
