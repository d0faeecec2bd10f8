"""What code a run executes, as a digest: so that an edit retrains what it changes, and only that.

The digest is the SHA-256 of syntax trees: comments, docstrings and layout do not enter. The
trees are those of the modules that the run's settings name, its protocol among them, and of all
that they import within the package. Of a package of options (the backups, say) only its
`__init__` and the module that is named enter, so that a new option is no news to runs that do
not use it. The trees are written in a form of our own, class names and non-empty fields, since
`ast.dump` differs between versions of Python.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from mpo.settings import OPTION_PACKAGES, PACKAGE, OptionError, Settings
from mpo.settings.faults import option_in
from mpo.settings.modules import parsed

EXEMPT = (
    *("project", "settings", "algorithm.trial"),
    *("training.checkpoints", "training.policies", "training.progress"),
)
"""Modules and rooms that do not change what a run computes, or whose effect is in the settings'
digest."""
ALGORITHM = "algorithm"
RECORDING = ("rundir.events", "rundir.files", "rundir.machine", "rundir.progress")
"""How a run is written and told of, which is no part of what it computes either."""

COHORT = "training.cohort.session"
"""What trains several runs as one."""


def code_digest(settings: Settings, root: Path = PACKAGE, cohort: bool = False) -> str:
    """The digest of the code that a run executes; `root` is the package's folder.

    Trained in a `cohort` with other seeds, it executes more than by itself.
    """
    return files_digest(run_files(settings, root, cohort), root)


def run_files(settings: Settings, root: Path = PACKAGE, cohort: bool = False) -> list[Path]:
    """The files whose code a run with `settings` executes, sorted."""
    chosen = [f"{package}.{getattr(settings, field)}" for field, package in OPTION_PACKAGES.items()]
    return closure([*chosen, *([COHORT] if cohort else [])], root, EXEMPT)


def script_digest(script: Path, *modules: str, root: Path = PACKAGE) -> str:
    """The digest of a script outside the package and of all that it imports from the package.

    `modules` are those that it imports by name while it runs, as "evaluation.showing.tables.cost".
    """
    imported = [*_imports(script, root, None), *modules]
    return files_digest([script, *closure(imported, root, EXEMPT)], root)


def program_digest(files: Iterable[Path], root: Path = PACKAGE) -> str:
    """The digest of a program that is not ours: of its files, and of what they execute of ours.

    The files count byte by byte, in the order given. What those in Python import from the package
    counts as in `code_digest`, MPO's own algorithm only where they name it: evaluation imports it
    for MPO's sake. A file that is not in our Python cannot import any of it. Raises `OptionError`
    for one that imports from the package what is not there.
    """
    whole = list(files)
    ours: set[Path] = set()
    for file in whole:
        if file.suffix == ".py":
            ours.update(_executed(file, root))
    parts = [bytes_digest(whole), files_digest(ours, root)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _executed(program: Path, root: Path) -> list[Path]:
    """The files of the package that a program outside it executes."""
    try:
        imported = _imports(program, root, None)
    except OptionError:
        return []
    named = any(_within(module, (ALGORITHM,)) for module in imported)
    exempt = (*EXEMPT, *RECORDING, *([] if named else [ALGORITHM]))
    try:
        return closure(imported, root, exempt)
    except ModuleNotFoundError as error:
        what = f"imports {error.args[0]}, and there is no such module"
        raise OptionError("code", what, program) from None


def bytes_digest(files: Iterable[Path]) -> str:
    """The digest of files of any kind, byte by byte, in the order given."""
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()


def closure(modules: Iterable[str], root: Path, exempt: tuple[str, ...]) -> list[Path]:
    """The files of `modules` and of what they import within the package, sorted.

    A module's name is relative to the package: "backups.soft". The packages on its way enter
    too, since importing it executes their `__init__`; modules in `exempt` do not, nor what only
    they import. Raises `OptionError` for a file that is not Python or imports what is not there,
    and `ModuleNotFoundError` where one of `modules` is not.
    """
    found: dict[str, Path] = {}
    waiting: list[tuple[str, Path | None]] = [(name, None) for name in modules]
    while waiting:
        name, importer = waiting.pop()
        for module in _with_parents(name):
            if module in found or _within(module, exempt):
                continue
            file = _file(module, root)
            if file is None and importer is not None:
                what = f"imports {root.name}.{module}, and there is no such module"
                raise OptionError(option_in(importer) or "code", what, importer)
            if file is None:
                raise ModuleNotFoundError(f"{root.name}.{module}", name=module)
            found[module] = file
            waiting += [(imported, file) for imported in _imports(file, root, module)]
    return sorted(found.values())


def files_digest(files: Iterable[Path], root: Path) -> str:
    """The digest of the syntax trees of `files`, which are named relative to `root`'s parent."""
    base = root.parent
    entries = sorted(
        (file.relative_to(base).as_posix() if file.is_relative_to(base) else file.name, file)
        for file in files
    )
    trees = [[name, _tree_digest(file, *_stamp(file))] for name, file in entries]
    return hashlib.sha256(json.dumps(trees).encode()).hexdigest()


def canonical(node: Any) -> Any:
    """A syntax tree as nested lists: [class name, [field, value], ...], empty fields left out.

    Statements that are nothing but a string, docstrings among them, are left out as well.
    """
    if isinstance(node, ast.Constant):
        return ["Constant", type(node.value).__name__, repr(node.value)]
    if isinstance(node, ast.AST):
        fields = ((name, canonical(value)) for name, value in ast.iter_fields(node))
        return [type(node).__name__, *([n, v] for n, v in fields if v is not None and v != [])]
    if isinstance(node, list):
        return [canonical(item) for item in node if not _is_text(item)]
    return node


def _is_text(node: Any) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@cache
def _tree_digest(file: Path, *_stamp: int) -> str:
    tree = canonical(parsed(file))
    return hashlib.sha256(json.dumps(tree).encode()).hexdigest()


def _imports(file: Path, root: Path, module: str | None) -> list[str]:
    return list(_cached_imports(file, root, module, *_stamp(file)))


@cache
def _cached_imports(file: Path, root: Path, module: str | None, *_stamp: int) -> tuple[str, ...]:
    """The modules of the package that `file` imports, anywhere in it."""
    tree = parsed(file)
    names = (name for node in ast.walk(tree) for name in _imported(node, file, root, module))
    return tuple(dict.fromkeys(names))


def _imported(node: ast.AST, file: Path, root: Path, module: str | None) -> Iterator[str]:
    """The modules, relative to the package, that one statement imports."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _inside(alias.name, root)
    elif isinstance(node, ast.ImportFrom):
        origin = _origin(node, file, root, module)
        yield from _inside(origin, root)
        for alias in node.names:  # what is imported from a package may be a module, or not
            candidate = f"{origin}.{alias.name}"
            if any(_file(name, root) for name in _inside(candidate, root)):
                yield from _inside(candidate, root)


def _origin(node: ast.ImportFrom, file: Path, root: Path, module: str | None) -> str:
    """The absolute name that `from X import` refers to, leading dots resolved."""
    if not node.level or module is None:
        return node.module or ""
    parts = [root.name, *module.split(".")] if module else [root.name]
    up = node.level - (file.name == "__init__.py")
    return ".".join([*parts[: len(parts) - up], *([node.module] if node.module else [])])


def _inside(name: str, root: Path) -> Iterator[str]:
    """`name` without the package's own, where it lies in the package; "" is the package."""
    package, _, rest = name.partition(".")
    if package == root.name:
        yield rest


def _within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def _with_parents(module: str) -> Iterator[str]:
    parts = module.split(".") if module else []
    for length in range(len(parts) + 1):
        yield ".".join(parts[:length])


def _file(module: str, root: Path) -> Path | None:
    base = root.joinpath(*module.split(".")) if module else root
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((file for file in candidates if file.is_file()), None)


def _stamp(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size
