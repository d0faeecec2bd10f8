"""The modules that implement options, loaded and held to what their kind asks of them."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from mpo.settings.contracts import CONTRACTS, Contract
from mpo.settings.faults import OptionError, fault_of
from mpo.settings.options import OPTION_PACKAGES, file_of

NOUNS = {bool: "True or False", int: "an integer", type: "a class"}


def option(field: str, name: str) -> ModuleType:
    """The module that implements `name` for the setting `field`.

    Raises `OptionError` where it cannot be imported or lacks what its contract names, and
    `ModuleNotFoundError` where there is none.
    """
    path = f"mpo.{OPTION_PACKAGES[field]}.{name}"
    spec = importlib.util.find_spec(path)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(path, name=path)
    file = Path(spec.origin)
    try:
        module = importlib.import_module(path)
    except Exception as error:  # whatever a user's own file may bring about
        raise fault_of(error, file, option=f"{field} {name}") from None
    for lacking in _lacking(module, CONTRACTS[field]):
        raise OptionError(f"{field} {name}", lacking, file)
    return module


def adopt(file: Path, field: str) -> str:
    """The name under which `file`, which may lie anywhere, is an option of `field` from now on.

    In this process alone. Raises `OptionError` where a shipped option has that name.
    """
    package = importlib.import_module(f"mpo.{OPTION_PACKAGES[field]}")
    there = file_of(field, file.stem)
    if there.is_file() and not there.samefile(file):
        what = f"{there} is a {field} of this name; give the file another one"
        raise OptionError(f"{field} {file.stem}", what, file)
    if not there.is_file():
        package.__path__.append(str(file.absolute().parent))
        importlib.invalidate_caches()
    return file.stem


def meaning(field: str, name: str) -> str:
    """What the option `name` of `field` is: the first line of its docstring, read without import.

    "" where it has none. Raises OSError where there is no such option, `OptionError` where its
    file is not Python.
    """
    file = file_of(field, name)
    return (ast.get_docstring(parsed(file)) or "").partition("\n")[0]


def parsed(file: Path) -> ast.Module:
    """The syntax tree of `file`. Raises `OptionError`, with the line, where it is not Python."""
    try:
        return ast.parse(file.read_bytes(), filename=str(file))
    except (SyntaxError, ValueError) as error:
        raise fault_of(error, file) from None


def _lacking(module: ModuleType, contract: Contract) -> Iterator[str]:
    """What the contract names and `module` does not have."""
    for name, attribute in contract.attributes.items():
        value = getattr(module, name, None)
        truth = isinstance(value, bool) and attribute.type is not bool  # which is an int too
        if truth or not isinstance(value, attribute.type):
            found = f"is {value!r}" if hasattr(module, name) else "is missing"
            yield f"{name} {found}; it must be {NOUNS[attribute.type]}: {attribute.meaning}"
    for name, function in contract.functions.items():
        needed = getattr(module, function.only_if, True)
        if needed and not callable(getattr(module, name, None)):
            yield f"the function {name}({', '.join(function.takes)}) is missing"
