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
ARROWS = {
    "settings": "",
    "project": "",
    "rundir": "",
    "algorithm": "settings",
    "study": "settings rundir project",
    "evaluation": "settings rundir",
    "training": "algorithm settings rundir project",
    "theory": "algorithm evaluation",
    "benchmark": "training algorithm study evaluation settings project",
    "commands": "benchmark theory evaluation training study algorithm settings rundir project",
    "__main__": "commands study settings",
}
"""What each room of `mpo` may import; every arrow that is not here is a fault."""
STAGES = {
    "reading": "",
    "estimating": "reading",
    "claims": "estimating reading",
    "exporting": "reading",
    "showing": "claims estimating reading",
    "telling": "showing claims estimating reading",
    "stages": "showing estimating reading",
}
"""The same within `mpo.evaluation`, in the order of its data."""
STEPS = {
    "batch": "",
    "multipliers": "",
    "computing": "batch",
    "gaussian": "mstep",
    "estep": "gaussian",
    "mstep": "gaussian computing",
}
"""The same for what comes first in `mpo.algorithm`; the rest may import all of these."""


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


def arrows(folder: Path) -> dict[tuple[str, str], str]:
    """Which entry of a folder imports which other one, with a file that does."""
    base = module_of(folder / "__init__.py")
    found: dict[tuple[str, str], str] = {}
    for file in sorted(folder.rglob("*.py")):
        room = module_of(file).removeprefix(base).strip(".").partition(".")[0]
        for name in imported(file) if room else ():
            if name.startswith(f"{base}."):
                other = name.removeprefix(f"{base}.").partition(".")[0]
                found.setdefault((room, other), str(file.relative_to(ROOT)))
    return {arrow: file for arrow, file in found.items() if arrow[0] != arrow[1]}


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [("", ARROWS), ("evaluation", STAGES), ("algorithm", STEPS)],
    ids=["rooms", "evaluation", "algorithm"],
)
def test_every_arrow_between_rooms_is_allowed(folder: str, allowed: dict[str, str]) -> None:
    wrong = {
        f"{room} -> {other}": file
        for (room, other), file in arrows(PACKAGE / folder).items()
        if room in allowed and other not in allowed[room].split()
    }
    assert not wrong


def test_every_room_is_in_the_table_and_says_what_it_is() -> None:
    rooms = {module_of(file).split(".")[1] for file in FILES if file.parent != PACKAGE}
    modules = {file.stem for file in PACKAGE.glob("*.py")} - {"__init__"}
    assert rooms | modules == set(ARROWS)
    for folder in {file.parent for file in FILES} - {PACKAGE}:
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text())), folder


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
        *("settings", "settings.digests", "rundir", "evaluation", "__main__"),
        *("study.config", "study.status", "study.listing", "training.seeds"),
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
