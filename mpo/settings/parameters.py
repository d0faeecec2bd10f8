"""Parameters of options: the settings that the module of an option declares for itself.

A module declares them as a class, and each function of its contract that ends in `parameters` is
given them, whatever the kind of option:

    class Parameters(OptionParameters):
        beta: float = Field(1.0, ge=0)
        \"\"\"β: deviations of Q that are taken off its mean.\"\"\"

    def value(q, temperature, parameters: Parameters): ...

A run's settings hold them under the kind and the name, as `backup.beta`. The class is read without
importing the module, which would load PyTorch: of the file, only the class is executed, and the
statements at its top level that bind names which the class uses.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterator, Mapping
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict

from mpo.settings.contracts import CONTRACTS
from mpo.settings.faults import OptionError, fault_of
from mpo.settings.modules import option, parsed
from mpo.settings.options import OPTION_PACKAGES, file_of

CLASS, ARGUMENT = "Parameters", "parameters"
SCALARS = {"integer", "number", "boolean", "string", "null"}
"""Types of JSON that a parameter may have; a choice is a `Literal`."""


class OptionParameters(BaseModel):
    """Parameters of an option: frozen, strict, each with a default and a docstring."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def declared(field: str, name: str) -> type[OptionParameters]:
    """What the option `name` of `field` declares; `OptionParameters` itself where that is nothing.

    Raises OSError where there is no such option, `OptionError` where its class is not as above.
    """
    file = file_of(field, name)
    status = file.stat()
    return _declared(field, name, file, status.st_mtime_ns, status.st_size)


def kind_of(parameter: str) -> str | None:
    """The kind of option, as backup of `backup.beta`; None where that names no parameter."""
    field, dot, _ = parameter.partition(".")
    return field if dot and field in OPTION_PACKAGES else None


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with the values of `above` in place of its own.

    Where `above` names another option of a kind, what `below` says of the parameters of its own
    option means nothing any more, and is gone.
    """
    replaced = {f for f in OPTION_PACKAGES if f in below and above.get(f, below[f]) != below[f]}
    return {f: v for f, v in below.items() if kind_of(f) not in replaced} | dict(above)


def bound(field: str, name: str, parameters: OptionParameters) -> ModuleType:
    """The module of an option, those of its functions that take parameters given these.

    A module that declares none is given as it is. Raises as `option` does, and `OptionError` where
    parameters are declared and no function takes them, or taken and not declared.
    """
    module = option(field, name)
    taking = list(_taking(field, module))
    own = getattr(module, CLASS, None)
    if own is None and not taking:
        return module
    file = Path(str(module.__file__))
    if own is None:
        what = f"{taking[0]} takes {ARGUMENT}, and no class {CLASS} is declared"
        raise OptionError(f"{field} {name}", what, file)
    classes = any(asked.type is type for asked in CONTRACTS[field].attributes.values())
    if not taking and not classes:  # which are given the settings
        takers = " or ".join(CONTRACTS[field].functions) or "any function"
        what = f"{CLASS} are declared, and not taken, as the last argument {ARGUMENT} of {takers}"
        raise OptionError(f"{field} {name}", what, file)
    given = own(**dict(parameters))
    copy = ModuleType(module.__name__, module.__doc__)
    copy.__dict__.update(module.__dict__)
    for function in taking:
        setattr(copy, function, partial(getattr(module, function), **{ARGUMENT: given}))
    return copy


def _taking(field: str, module: ModuleType) -> Iterator[str]:
    """The functions of the contract that take parameters."""
    for name in CONTRACTS[field].functions:
        function = getattr(module, name, None)
        if callable(function) and ARGUMENT in inspect.signature(function).parameters:
            yield name


@cache
def _declared(field: str, name: str, file: Path, *_stamp: int) -> type[OptionParameters]:
    tree = parsed(file)
    node = next((n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == CLASS), None)
    if node is None:
        return OptionParameters
    namespace: dict[str, Any] = {"__name__": f"mpo.{OPTION_PACKAGES[field]}.{name}"}
    code = ast.Module([*_needed(node, tree), node], type_ignores=[])
    try:
        exec(compile(code, str(file), "exec"), namespace)
        found = namespace[CLASS]
        ours = issubclass(found, OptionParameters) and _described(found, node, namespace)
        properties = found.model_json_schema().get("properties", {}) if ours is not False else {}
    except Exception as error:  # whatever a user's own file may bring about
        raise fault_of(error, file, node.lineno, f"{field} {name}") from None
    if ours is False:
        what = f"{CLASS} is no class of {OptionParameters.__name__}, which is in mpo.settings"
        raise OptionError(f"{field} {name}", what, file, node.lineno)
    for parameter, schema in properties.items():
        if what := _fault(schema):
            raise OptionError(f"{field} {name}", f"{parameter} {what}", file, node.lineno)
    return found


def _described(
    found: type[OptionParameters], node: ast.ClassDef, namespace: Mapping[str, Any]
) -> bool | None:
    """Give each parameter the docstring below it as its description, and build the class.

    Pydantic itself looks for the source of a class by way of its module, and there is none.
    """
    for entry, below in pairwise(node.body):
        match entry, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ) if name in found.model_fields:
                found.model_fields[name].description = inspect.cleandoc(text)
    return found.model_rebuild(force=True, _types_namespace=namespace)


def _fault(schema: Mapping[str, Any]) -> str | None:
    """What is wrong with a parameter of this JSON Schema."""
    if "default" not in schema:
        return "has no default"
    if not schema.get("description"):
        return "has no docstring of one line below it"
    parts = schema.get("anyOf", [schema])
    if any(part.get("type") not in SCALARS for part in parts):
        return "is no number, true or false, text or null"
    return None


def _needed(node: ast.ClassDef, tree: ast.Module) -> list[ast.stmt]:
    """The statements before `node` that bind names which it uses, and those that these use."""
    wanted = _names(node)
    found: list[ast.stmt] = []
    for statement in reversed(tree.body[: tree.body.index(node)]):
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if future or _bound(statement) & wanted:
            found.append(statement)
            wanted |= _names(statement)
    return found[::-1]


def _names(node: ast.AST) -> set[str]:
    """The names that `node` reads, those in annotations written as text left out."""
    read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return read - set(dir(builtins))


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement at a module's top level binds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    return {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
