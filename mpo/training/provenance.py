"""What run.json says of the machine, the versions and the code that a run was made with."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import torch

from mpo.project import PACKAGED
from mpo.rundir.machine import processor
from mpo.settings import PACKAGE, Settings
from mpo.settings.digests import bytes_digest

PACKAGES = ("torch", "numpy", "gymnasium", "shimmy", "mujoco", "dm-control", "safetensors")


def versions() -> dict[str, str]:
    """Versions of Python and of every package that a run's numbers depend on."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **found}


def git() -> dict[str, Any]:
    """Commit and whether the work tree differs from it; where git does not tell, None and why.

    It does not where there is no repository, where that is another user's, and where a repository
    around the package does not hold it, as around an environment into which a wheel was installed.
    Then version and digest say what the code was.
    """
    folder = Path(__file__).parent
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        if not _git(folder, "ls-files", Path(__file__).name):
            return _untold("the package is not in the repository around it")
        dirty = bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))
    except subprocess.CalledProcessError as error:
        why = error.stderr.strip().partition("\n")[0].removeprefix("fatal: ")
        return _untold(why)
    except (OSError, subprocess.SubprocessError) as error:
        return _untold(str(error))
    return {"commit": commit, "dirty": dirty}


def _untold(why: str) -> dict[str, Any]:
    try:
        version = importlib.metadata.version("mpo")
    except importlib.metadata.PackageNotFoundError:  # a copy that was not installed
        version = None
    return {
        "commit": None,
        "dirty": None,
        "why": why,
        "version": version,
        "package_digest": package_digest(),
    }


def package_digest(package: Path = PACKAGE) -> str:
    """The digest of the bytes of all modules, which is the same in a checkout and its wheel."""
    files = sorted(package.rglob("*.py"))
    return bytes_digest(file for file in files if not file.is_relative_to(package / PACKAGED))


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


def kind(settings: Settings) -> str:
    """The kind of processor that computes a run: on another one, bytes may be others."""
    model, flags = processor()
    name = settings.option("device").name()
    return f"{model} ({' '.join(flags)})" + (f", {name}" if settings.device != "cpu" else "")


def machine(settings: Settings, compiled: bool) -> dict[str, Any]:
    """CPU model and relevant flags, cores, threads, torch's build, and the mode of updates."""
    model, flags = processor()
    return {
        "cpu": model,
        "flags": flags,
        "cores": torch.multiprocessing.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch_build": torch.__version__,
        "compiled": compiled,
        "device": settings.option("device").name(),
    }
