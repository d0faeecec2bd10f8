"""Imports point one way, and what needs no PyTorch does not load it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mpo"
FILES = sorted(PACKAGE.rglob("*.py"))
ALLOWED_IN_EVALUATION = {"mpo.rundir", "mpo.settings"}
HARNESS = ("mpo.evaluation", "mpo.theory", "mpo.benchmark")
"""Packages that look at results, mathematics or speed, and that training never imports."""


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(file: Path) -> Iterator[str]:
    """Modules of `mpo` that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            base = node.module or ""
            # `from mpo import x` may name a module or something in the package
            names = [
                f"{base}.{alias.name}" if is_module(f"{base}.{alias.name}") else base
                for alias in node.names
            ]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "mpo")


def is_module(name: str) -> bool:
    base = ROOT.joinpath(*name.split("."))
    return base.with_suffix(".py").exists() or (base / "__init__.py").exists()


def within(module: str, *packages: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in packages)


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_training_evaluation_and_theory_stay_apart(file: Path) -> None:
    """Training imports neither; evaluation nothing of `mpo` but rundir and settings."""
    module = module_of(file)
    for name in imported(file):
        if within(module, "mpo.evaluation"):
            inside = within(name, "mpo.evaluation") or name in ALLOWED_IN_EVALUATION
            assert inside, f"{module} imports {name}"
        elif not within(module, "mpo.theory", "mpo.benchmark", "mpo.commands", "mpo.__main__"):
            assert not within(name, *HARNESS), f"{module} imports {name}"


def test_nothing_imports_in_a_circle() -> None:
    graph = {module_of(file): set(imported(file)) - {"mpo"} for file in FILES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module in done:
            return
        for name in graph.get(module, ()):
            if name != module:
                visit(name, (*path, module))
        done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize(
    "module",
    [
        "settings",
        "config",
        "digests",
        "rundir",
        "entries",
        "study",
        "status",
        "listing",
        "seeds",
        "__main__",
        "evaluation",
    ],
)
def test_what_the_workflow_reads_loads_without_torch(module: str) -> None:
    code = (
        f"import sys, mpo.{module}\n"
        "print(sorted({'torch', 'gymnasium', 'dm_control', 'scipy.optimize'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    heavy = done.stdout.strip()
    allowed = "['scipy.optimize']" if module == "evaluation" else "[]"
    assert heavy in ("[]", allowed)


def test_no_module_is_named_after_nothing() -> None:
    assert not [f for f in FILES if f.stem in {"utils", "helpers", "common", "misc", "util"}]
