"""What can be wrong with a study's files, and the one error that lists all of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

RETRAIN = "retrain"
"""Mend of a fault that only training the run again removes."""
OTHER_CODE = "retrain, or show the code equal"
"""Mend of a run that other code trained, which may be shown equal to what is asked for."""


class Fault(NamedTuple):
    """One thing wrong: where (a path inside the study), what, and the command that mends it."""

    where: str
    what: str
    mend: str = RETRAIN


class StudyError(ValueError):
    """A study whose files are not what its manifest asks for; lists every fault and its mend."""

    def __init__(self, study_dir: Path, study: str, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        lines = [f"{study_dir}: {count}, so nothing was aggregated"]
        lines += [f"  {fault.where}: {fault.what}" for fault in faults]
        lines += ["This mends it:" if len(faults) == 1 else "This mends them:"]
        lines += [f"  {command}" for command in mends(study_dir, study, faults)]
        if any(fault.mend == OTHER_CODE for fault in faults):
            lines += ["Or, if the edit of the code since commit COMMIT changes no result:"]
            folder = shlex.quote(study_dir.as_posix())
            lines += [f"  python -m mpo verify {folder} --same-as COMMIT"]
        super().__init__("\n".join(lines))


def mends(study_dir: Path, study: str, faults: Sequence[Fault]) -> list[str]:
    """The commands that remove `faults`, one for all the runs that must be trained again."""
    retrain = (RETRAIN, OTHER_CODE)
    commands = list(dict.fromkeys(fault.mend for fault in faults if fault.mend not in retrain))
    runs = list(dict.fromkeys(fault.where for fault in faults if fault.mend in retrain))
    if runs:
        folders = shlex.join(f"{study_dir.as_posix()}/{run}" for run in runs)
        commands.append(f"rm -rf {folders} && snakemake --cores all {configuration(study)}")
    return commands


def configuration(study: str, folder: Path = Path("config")) -> str:
    """Options by which Snakemake makes `study`, from the files in `folder`.

    Where no file there is of it, those by which one named after it would be.
    """
    file, key = configured(study, folder) or (folder / f"{study}.yaml", "study")
    more = "" if key == "study" else f" --config {shlex.quote(f'study={study}')}"
    return f"--configfile {shlex.quote(file.as_posix())}{more}"


def configured(study: str, folder: Path = Path("config")) -> tuple[Path, str] | None:
    """The file in `folder` that makes `study`, and by which of its keys; None where none does.

    The file with the line `study: NAME` or, of a shipped study that one trains again under another
    name, the file with `reproduces: NAME`.
    """
    for key in ("study", "reproduces"):
        line = re.compile(rf"^{key}:\s*['\"]?{re.escape(study)}['\"]?\s*(#.*)?$", re.MULTILINE)
        for path in sorted(folder.glob("*.yaml")):
            if line.search(path.read_text(encoding="utf-8")):
                return path, key
    return None
