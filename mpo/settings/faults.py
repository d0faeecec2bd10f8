"""A mistake in an option's module, told by its kind, file and line instead of a traceback."""

from __future__ import annotations

import linecache
import re
import traceback
from pathlib import Path

from mpo.settings.options import OPTION_PACKAGES, PACKAGE, folders

FRAME = re.compile(r'File "([^"\n]+)", line (\d+)')
LONGEST = 300
"""Characters of an exception's own message that are shown."""


class OptionError(ValueError):
    """What is wrong with an option, or with code that it needs; two lines, the second a place.

    `option` is the kind and name, as "backup mine"; `file` and `line` say where.
    """

    def __init__(self, option: str, what: str, file: Path, line: int | None = None) -> None:
        self.option, self.what, self.file, self.line = option, what, file, line
        place = str(file.relative_to(PACKAGE.parent) if file.is_relative_to(PACKAGE) else file)
        if line is not None:
            place += f", line {line}: {linecache.getline(str(file), line).strip()}"
        super().__init__(f"{option}: {what}\n  {place}")


def option_in(file: Path) -> str:
    """The option whose module or folder holds `file`, as "backup mine"; "" where none does."""
    for field in OPTION_PACKAGES:
        for folder in folders(field):
            if file.is_relative_to(folder) and file != folder / "__init__.py":
                return f"{field} {file.relative_to(folder).parts[0].removesuffix('.py')}"
    return ""


def fault_of(
    error: BaseException, file: Path | None = None, line: int | None = None, option: str = ""
) -> OptionError:
    """`error` as what is wrong with the code that raised it, at the line that did.

    Of the frames that it went through, or that its text names as a compiler's does, the last one
    in `file` counts; where there is none, `line` of it. Without a file, the last frame in an
    option's counts, else the last one in the package.
    """
    went = traceback.extract_tb(error.__traceback__)
    frames = [(Path(frame.filename), frame.lineno) for frame in went]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((Path(error.filename), error.lineno or 1))
    frames += [(Path(name), int(number)) for name, number in FRAME.findall(str(error))]
    if file:
        found = [(file, line), *(frame for frame in frames if frame[0] == file)]
    else:
        ours = [frame for frame in frames if frame[0].is_relative_to(PACKAGE)]
        found = [frame for frame in ours if option_in(frame[0])] or ours or [(PACKAGE, None)]
    text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    short = text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
    what = f"{type(error).__name__}: {short}" if short else type(error).__name__
    place, at = found[-1]
    return OptionError(option or option_in(place) or "code", what, place, at)
