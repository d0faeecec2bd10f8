"""What can be wrong with a study's files, and the one error that lists all of it."""

from __future__ import annotations

import re
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
            lines += [f"  python -m mpo verify {study_dir.as_posix()} --same-as COMMIT"]
        super().__init__("\n".join(lines))


def mends(study_dir: Path, study: str, faults: Sequence[Fault]) -> list[str]:
    """The commands that remove `faults`, one for all the runs that must be trained again."""
    retrain = (RETRAIN, OTHER_CODE)
    commands = list(dict.fromkeys(fault.mend for fault in faults if fault.mend not in retrain))
    runs = list(dict.fromkeys(fault.where for fault in faults if fault.mend in retrain))
    if runs:
        folders = " ".join(f"{study_dir.as_posix()}/{run}" for run in runs)
        commands.append(f"rm -rf {folders} && snakemake --cores all {configuration(study)}")
    return commands


def configuration(study: str, folder: Path = Path("config")) -> str:
    """Options by which Snakemake makes `study`, from the files in `folder`.

    The file with the line `study: NAME` or, of a shipped study that one trains again under another
    name, the file with `reproduces: NAME`.
    """
    for key, more in (("study", ""), ("reproduces", f" --config study={study}")):
        line = re.compile(rf"^{key}:\s*['\"]?{re.escape(study)}['\"]?\s*(#.*)?$", re.MULTILINE)
        for path in sorted(folder.glob("*.yaml")):
            if line.search(path.read_text(encoding="utf-8")):
                return f"--configfile {path.as_posix()}{more}"
    return f"--configfile {folder.as_posix()}/{study}.yaml"
