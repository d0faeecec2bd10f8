"""Digests: an edit changes those of the runs that it concerns, and of no other run."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

import mpo.settings.validation
from mpo.settings import (
    OPTION_PACKAGES,
    PACKAGE,
    OptionError,
    Settings,
    baseline,
    options,
    settings,
)
from mpo.settings.digests import (
    canonical,
    closure,
    code_digest,
    program_digest,
    run_files,
    script_digest,
)
from mpo.study.yaml_files import PROJECT

BACKUPS = "algorithm/policy_evaluation/backups"
MORE = "\nMORE = 1\n"
POLICY, SOFT = settings({}), settings({"backup": "soft"})


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package to edit."""
    ignore = shutil.ignore_patterns("__pycache__", "evaluation")
    return Path(shutil.copytree(PACKAGE, tmp_path / "mpo", ignore=ignore))


def digests(package: Path) -> tuple[str, str]:
    return code_digest(POLICY, package), code_digest(SOFT, package)


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


# what is edited: file, edit, whether a run with backup policy and one with soft change
EDITS: dict[str, tuple[str, Callable[[str], str], bool, bool]] = {
    "a comment": (
        "training/protocols/off_policy.py",
        lambda text: text + "\n# more\n",
        False,
        False,
    ),
    "a docstring": (
        "training/protocols/off_policy.py",
        lambda text: '"""Another one."""\n' + text[text.index('"""', 3) + 3 :],
        False,
        False,
    ),
    "layout": (
        BACKUPS + "/soft.py",
        lambda text: text.replace("\n\n", "\n\n\n"),
        False,
        False,
    ),
    "the shared code": (
        "training/protocols/off_policy.py",
        lambda text: text + MORE,
        True,
        True,
    ),
    "what the shared code imports": (
        "training/replay.py",
        lambda text: text + MORE,
        True,
        True,
    ),
    "a package's __init__": (
        BACKUPS + "/__init__.py",
        lambda text: text + MORE,
        True,
        True,
    ),
    "one backup": (
        BACKUPS + "/soft.py",
        lambda text: text + MORE,
        False,
        True,
    ),
    "the other backup": (
        BACKUPS + "/policy.py",
        lambda text: text + MORE,
        True,
        False,
    ),
    "a backup no run has": (
        BACKUPS + "/improved.py",
        lambda text: text + MORE,
        False,
        False,
    ),
    "an exempt module": (
        "training/checkpoints.py",
        lambda text: text + MORE,
        False,
        False,
    ),
    "the settings": ("settings/validation.py", lambda text: text + MORE, False, False),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_changes_the_digests_of_the_runs_that_execute_it(edit: str, package: Path):
    name, change, policy, soft = EDITS[edit]
    file = package / name
    before, text = digests(package), file.read_text()
    assert change(text) != text
    file.write_text(change(text))
    after = digests(package)
    assert (before[0] != after[0], before[1] != after[1]) == (policy, soft)


def test_a_new_option_changes_no_digest(package: Path):
    before = digests(package)
    (package / BACKUPS / "mine.py").write_text("MINE = 1\n")
    assert digests(package) == before


def test_what_an_option_imports_counts_for_its_runs_alone(package: Path):
    append(
        package / BACKUPS / "soft.py",
        "\nfrom mpo.algorithm.policy_evaluation.backups import improved\n",
    )
    before = digests(package)
    append(package / BACKUPS / "improved.py", "\nMORE = 1\n")
    after = digests(package)
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)


def test_every_form_of_import_is_followed(tmp_path: Path):
    root = tmp_path / "mpo"
    for name, text in {
        "__init__.py": "",
        "a.py": "import mpo.b\nfrom mpo import c\nfrom mpo.d import e\nimport numpy\n",
        "b.py": "def late():\n    from . import f\n",
        "c.py": "from .d.g import thing\nfrom .settings import x\n",
        "d/__init__.py": "from .h import other\n",
        "d/e.py": "",
        "d/g.py": "from .. import i\n",
        "d/h.py": "from mpo.a import itself\n",
        "f.py": "",
        "i.py": "",
        "unused.py": "",
        "settings.py": "from mpo import unused\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    found = {file.relative_to(root).as_posix() for file in closure(["a"], root, ("settings",))}
    assert found == {
        *("__init__.py", "a.py", "b.py", "c.py", "f.py", "i.py"),
        *("d/__init__.py", "d/e.py", "d/g.py", "d/h.py"),
    }


def test_a_run_executes_the_options_that_its_settings_name():
    names = {file.relative_to(PACKAGE).as_posix() for file in run_files(SOFT)}
    assert {
        "training/protocols/off_policy.py",
        "algorithm/learner.py",
        BACKUPS + "/soft.py",
        "algorithm/estep/duals/raw.py",
    } <= names
    assert not names & {
        BACKUPS + "/improved.py",
        "algorithm/policy_evaluation/critic_losses/huber.py",
        "settings/validation.py",
        "__main__.py",
    }
    assert not any(name.startswith("evaluation/") for name in names)


def test_only_options_are_imported_by_a_name_made_at_run_time():
    dynamic = {
        file.relative_to(PACKAGE).as_posix()
        for file in run_files(SOFT)
        if any(name in file.read_text() for name in ("import_module", "__import__", "exec("))
    }
    assert dynamic == set()


def test_every_option_is_covered_by_some_digest():
    for field, package in OPTION_PACKAGES.items():
        folder = PACKAGE.joinpath(*package.split("."))
        for name in options(field):
            files = run_files(POLICY.model_copy(update={field: name}))
            own = {folder / f"{name}.py", folder / name / "__init__.py"}
            assert len(own & set(files)) == 1, (field, name)


def test_a_script_s_digest_covers_what_it_draws(package: Path):
    script = PROJECT / "workflow" / "scripts" / "figure.py"
    modules = [f"evaluation.showing.figures.{name}" for name in ("temperature", "learning_curves")]
    assert len({script_digest(script), *(script_digest(script, name) for name in modules)}) == 3


GOLDEN = """
class A(B, metaclass=C):
    '''Docstring.'''

    x: int = 1

    def f(self, /, a, *b, c=None, **d) -> float:
        \"\"\"Docstring.\"\"\"
        return a[0] + 1.5 if not b else f"{c!r:>4} {d}"
"""


def test_the_form_of_a_syntax_tree_is_fixed():
    # made by: python -c "import ast, mpo.settings.digests as d; print(d.canonical(ast.parse(X)))"
    assert canonical(ast.parse("x = None\n'text'\nf(1, True)")) == [
        "Module",
        [
            "body",
            [
                [
                    "Assign",
                    ["targets", [["Name", ["id", "x"], ["ctx", ["Store"]]]]],
                    ["value", ["Constant", "NoneType", "None"]],
                ],
                [
                    "Expr",
                    [
                        "value",
                        [
                            "Call",
                            ["func", ["Name", ["id", "f"], ["ctx", ["Load"]]]],
                            ["args", [["Constant", "int", "1"], ["Constant", "bool", "True"]]],
                        ],
                    ],
                ],
            ],
        ],
    ]


def test_the_form_has_no_fields_that_only_some_versions_of_python_know():
    tree = ast.parse(GOLDEN)
    before = canonical(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            fields = (*node._fields, "type_params")  # as from Python 3.12 on
            node.__dict__.update(_fields=fields, type_params=[])
        if isinstance(node, ast.Constant):
            node.kind = "u"  # u"text", which is text
    assert canonical(tree) == before


def test_what_a_program_does_is_in_the_form():
    texts = ["f(1)", "f(1.0)", "f(True)", "f('1')", "f(b'1')", "f(None)", "f()", "f(-1)", "f(*a)"]
    assert len({str(canonical(ast.parse(text))) for text in texts}) == len(texts)


def test_the_baselines_of_the_settings_are_pinned():
    """Whoever changes a default keeps the old one as the field's baseline (`Settings.digest`).

    A new field is added to the file. It was made by: python -c "import json; from mpo.settings
    import *; print(json.dumps({n: baseline(n) for n in Settings.model_fields}, indent=1))"
    """
    pinned = json.loads((PROJECT / "tests" / "baselines.json").read_text())
    assert {name: baseline(name) for name in Settings.model_fields} == pinned


def test_the_digest_of_no_differences_is_pinned():
    # made by: python -c "from mpo.settings import settings; print(settings({}).digest(1, 0))"
    pinned = "2bc457e352c4abee7b4d0531c0664b48b893363a1c05154c82d31dc4e73ae5fc"
    assert settings({}).digest(1, 0) == pinned


def test_a_new_field_with_a_default_changes_no_digest(monkeypatch: pytest.MonkeyPatch):
    class Grown(Settings):
        novelty: float = Field(0.5, gt=0)

    values: dict[str, Any] = {"epsilon": 0.2, "backup": "soft"}
    before = settings(values).digest(1, 0)
    monkeypatch.setattr(mpo.settings.validation, "Settings", Grown)
    assert settings(values).digest(1, 0) == before
    assert settings({**values, "novelty": 0.7}).digest(1, 0) != before


def test_study_seed_and_seed_enter_the_settings_digest():
    digests = {settings({}).digest(*seeds) for seeds in ((1, 0), (1, 1), (0, 1), (2, 0))}
    assert len(digests) == 4


PROGRAM = "from mpo.rundir import foreign_run\nfrom mpo.training.foreign import ForeignTask\n"


@pytest.mark.parametrize(
    ("name", "concerned"),
    [
        ("training/foreign.py", True),
        ("training/evaluations.py", True),
        ("training/environment/actions.py", True),
        ("rundir/foreign.py", True),
        ("rundir/progress.py", False),
        ("training/checkpoints.py", False),
        ("training/protocols/off_policy.py", False),
        ("algorithm/learner.py", False),
    ],
)
def test_what_a_foreign_program_executes_of_ours_is_in_its_digest(
    name: str, concerned: bool, package: Path, tmp_path: Path
):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    before = program_digest([program], package)
    append(package / name, "\n# more\n")
    assert program_digest([program], package) == before
    append(package / name, MORE)
    assert (program_digest([program], package) != before) == concerned


def test_a_foreign_program_that_names_the_algorithm_executes_it(package: Path, tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text("from mpo.algorithm.estep.weights import estep_weights\n")
    before = program_digest([program], package)
    append(package / "algorithm/estep/weights.py", MORE)
    assert program_digest([program], package) != before


def test_foreign_files_count_byte_by_byte(package: Path, tmp_path: Path):
    one, other = tmp_path / "one.py", tmp_path / "other.jl"
    one.write_text("print 'of an older Python'\n")
    other.write_text("using Flux\n")
    found = {program_digest([one], package), program_digest([one, other], package)}
    append(other, "# more\n")
    found.add(program_digest([one, other], package))
    append(one, "# more\n")
    found.add(program_digest([one], package))
    assert len(found) == 4


def test_a_foreign_program_imports_what_there_is(package: Path, tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text("import mpo.nothing\n")
    with pytest.raises(OptionError, match=r"imports mpo\.nothing, and there is no such module"):
        program_digest([program], package)
