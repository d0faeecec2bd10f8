"""What only a machine with a GPU can check: the CUDA tests, and the benchmark of cohorts.

    python -m tests.gpu --out FOLDER

runs them in at most ten minutes, the most telling first: tests, then cohorts of 10, 40, 1, 20 and 5
runs, each in a process of its own, and two cohorts of 10 on the GPU at once. What each said goes to
FOLDER as it is done, measurements as JSON; a summary to the terminal.

Releases of PyTorch without `isolate_recompiles` (2.11, for one) refuse it as an argument of
`torch.compile`. Here alone every process leaves it out where it is not known, which costs nothing
in processes that compile for one learner.
"""

from __future__ import annotations

import argparse
import inspect
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]
LIMIT_S = 600.0
TESTS = (
    "tests/algorithm/cohort",
    "tests/training/cohort",
    "tests/algorithm/computing/test_devices.py",
)
COUNTS = (10, 40, 1, 20, 5)
PATCH = """
import functools, torch
_compile = torch.compile

@functools.wraps(_compile)
def _without(*arguments, isolate_recompiles=None, **how):
    return _compile(*arguments, **how)

torch.compile = _without
"""


def environment(folder: Path) -> dict[str, str]:
    """Of every process: `folder` holds what mends an older PyTorch, where this one is."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    if "isolate_recompiles" not in inspect.signature(torch.compile).parameters:
        (folder / "sitecustomize.py").write_text(PATCH)
        paths.insert(0, str(folder))
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}


def benchmark(count: int, file: Path, variant: str) -> list[str]:
    """The command that measures a cohort of `count` runs."""
    command = ["-m", "mpo", "benchmark", "--device", "cuda", "--cohort", str(count)]
    return [*command, "--variants", variant, "--json", str(file)]


def stages(out: Path, variant: str) -> list[tuple[str, list[list[str]]]]:
    """What is done, in order: a name, and the commands that run at once."""
    tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS, "-k", "gpu or cuda"]
    single = [
        (f"cohort-{count}", [benchmark(count, out / f"cohort-{count}.json", variant)])
        for count in COUNTS
    ]
    both = [benchmark(10, out / f"two-at-once-{side}.json", variant) for side in (1, 2)]
    return [("tests", [tests]), *single, ("two-at-once", both)]


def main() -> int:
    """Run the stages as long as there is time; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/gpu"))
    parser.add_argument("--variant", default="stabilised")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="Seconds for all of it.")
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        print(f"PyTorch {torch.__version__} finds no GPU here", file=sys.stderr)
        return 2
    asked.out = asked.out.absolute()
    asked.out.mkdir(parents=True, exist_ok=True)
    end, failed = time.monotonic() + asked.limit, False
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        given = environment(Path(folder))
        for name, commands in stages(asked.out, asked.variant):
            begun = time.monotonic()
            status = run(commands, asked.out / name, given, end)
            took = time.monotonic() - begun
            print(f"{name}: {status}, {took:.0f} s", flush=True)
            failed |= status != "done"
            print(*last_lines(asked.out / name, len(commands)), sep="\n", flush=True)
    return int(failed)


def run(commands: list[list[str]], log: Path, given: dict[str, str], end: float) -> str:
    """Run commands at once until `end` of the monotonic clock; how it went."""
    if end - time.monotonic() < 5:
        return "left out, no time"
    processes = []
    for number, command in enumerate(commands):
        with log.with_name(f"{log.name}-{number}.txt").open("w") as file:
            made = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=given, stdout=file, stderr=file
            )
            processes.append(made)
    try:
        codes = [each.wait(max(0.0, end - time.monotonic())) for each in processes]
    except subprocess.TimeoutExpired:
        for each in processes:
            each.kill()
            each.wait()
        return "stopped, out of time"
    return "done" if not any(codes) else f"failed with {codes}"


def last_lines(log: Path, commands: int) -> list[str]:
    """The ends of what commands said."""
    files = [log.with_name(f"{log.name}-{number}.txt") for number in range(commands)]
    return [line for file in files if file.exists() for line in file.read_text().splitlines()[-4:]]


if __name__ == "__main__":
    sys.exit(main())
