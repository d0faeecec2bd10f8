"""Removes the lock that a killed Snakemake left in this folder; refuses while one is at work here.

Snakemake's lock does not say who holds it, so the processes of this machine are asked: one whose
working directory is this folder and whose command is Snakemake holds it. A Snakemake on another
machine of a shared folder is not seen; trainers of the same run keep each other out all the same.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

argparse.ArgumentParser(description=__doc__).parse_args()


def holders(folder: Path) -> Iterator[int]:
    """Processes that run Snakemake in `folder`; what it starts for a job is none of them."""
    for process in psutil.process_iter():
        try:
            words, place = process.cmdline(), Path(process.cwd())
        except (psutil.Error, OSError):
            continue  # it has ended, or is somebody else's
        if any(Path(word).name == "snakemake" for word in words[:2]) and place == folder:
            yield process.pid


if any(Path(".snakemake/locks").glob("*.lock")):
    here = Path.cwd()
    if held := sorted(holders(here)):
        which = ", ".join(str(pid) for pid in held)
        sys.exit(f"{here}: Snakemake, process {which}, is at work here; wait for it or stop it")
    snakemake = Path(sys.executable).with_name("snakemake")
    done = subprocess.run([str(snakemake), "--unlock"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{here}: snakemake --unlock failed: {done.stderr.strip()}")
    print("removed the lock of a Snakemake that was killed", file=sys.stderr)
