"""What could not be made: an exhibit that fails leaves a sentence, and nothing else is lost by it.

Every exhibit (a figure, a table, a section, the films) is made through `attempt`. Where that
raises, the exhibit's files hold a sentence in its place, which the report shows; the sentence goes
to the terminal and the traceback to standard error, a rule's log; and `failures/KIND_NAME.json`
keeps both. The workflow counts those files by rule before it plans, so that what failed is tried
again by the next call, and once only after it came.

What a study cannot have, whatever is tried, raises `Absent`: it has its sentence too, but is no
failure. A full disk, an interrupt and their like are nobody's exhibit, and stop the job.
"""

from __future__ import annotations

import errno
import html
import json
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageDraw

from mpo.evaluation.reading.frames import write_text
from mpo.rundir import json_bytes, replacing, write_atomically

FOLDER = "failures"
OF_THE_MACHINE = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM),
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM),
)
"""Numbers of OSErrors that no other exhibit would be spared."""
MOST_LETTERS = 300
"""Letters of an error's own words in the sentence."""
LINE_LETTERS = 90
"""Letters of a line in a picture."""


class Absent(ValueError):
    """A study has nothing of which the exhibit could be made; the message says what is lacking."""


class Exhibit(NamedTuple):
    """A part of the report, the rule that makes it, and its files below the study's folder."""

    kind: str
    name: str
    rule: str
    files: tuple[str, ...] = ()

    @property
    def record(self) -> str:
        """Where its failures are kept, below the study's folder."""
        return f"{FOLDER}/{self.kind}_{self.name}.json".replace(" ", "_")


class Failure(NamedTuple):
    """Why there is no exhibit, in one line; the traceback where something failed."""

    why: str
    traceback: str = ""
    partly: bool = False
    """Whether the exhibit is there, but lacks something."""


def tried(make: Callable[[], object]) -> Failure | None:
    """Why `make` made nothing; None where it did. Raises what is no exhibit's failure."""
    try:
        make()
    except Absent as absent:
        return Failure(str(absent))
    except Exception as error:
        if isinstance(error, OSError) and error.errno in OF_THE_MACHINE:
            raise
        words = " ".join(f"{type(error).__name__}: {error}".split()).replace("`", "'")
        short = textwrap.shorten(words, MOST_LETTERS, placeholder=" ...")
        return Failure(f"`{short}`", traceback.format_exc())
    return None


def attempt(exhibit: Exhibit, study_dir: Path, make: Callable[[], object]) -> str | None:
    """Make an exhibit by `make`, or put the sentence that says why not in its place; that sentence.

    Raises what is no exhibit's failure: an OSError of the disk, and whatever is no Exception.
    """
    failure = tried(make)
    sentence = None
    if failure is not None:
        sentence = said(exhibit, failure)
        for file in exhibit.files:
            _put(sentence, study_dir / file)
    record(exhibit, study_dir, failure)
    return sentence


def said(exhibit: Exhibit, failure: Failure) -> str:
    """The sentence that stands in an exhibit's place, in Markdown."""
    what = f"{exhibit.kind} `{exhibit.name}`"
    if not failure.traceback:
        return f"There is no {what}: {failure.why}."
    made = "made whole" if failure.partly else "made"
    return f"The {what} could not be {made}: {failure.why}; see `{exhibit.record}`."


def record(exhibit: Exhibit, study_dir: Path, failure: Failure | None) -> None:
    """Keep how often an exhibit has failed and why there is none now; tell of a failure, loudly."""
    path = study_dir / exhibit.record
    before = _read(path)
    if failure is None and not before:
        return
    found = failure.traceback if failure else ""
    content = {
        "rule": exhibit.rule,
        "failures": before.get("failures", 0) + bool(found),
        "said": said(exhibit, failure) if failure else None,
        "traceback": found.splitlines(),
    }
    write_atomically(path, json_bytes(content))
    if found:
        print(found, file=sys.stderr)
        print(f"mpo: {content['said']}", flush=True)


def sentence_for(kind: str, name: str, study_dir: Path) -> str | None:
    """The sentence in the place of the exhibit; None where it was made."""
    return _read(study_dir / Exhibit(kind, name, "").record).get("said")


def in_place(kind: str, name: str, study_dir: Path, told: Callable[[], list[str]]) -> list[str]:
    """What is `told` of an exhibit, or the sentence in its place."""
    sentence = sentence_for(kind, name, study_dir)
    return told() if sentence is None else [sentence]


def count(rule: str, study_dir: Path) -> int:
    """How often the exhibits of `rule` have failed: grows with each failure, and never falls."""
    return sum(each["failures"] for each in _records(study_dir) if each["rule"] == rule)


def standing(study_dir: Path) -> list[str]:
    """The sentences of what failed and has not been made since."""
    return [each["said"] for each in _records(study_dir) if each["traceback"]]


def _records(study_dir: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((study_dir / FOLDER).glob("*.json")):
        if content := _read(path):
            yield content


def _read(path: Path) -> dict[str, Any]:
    """The record in `path`; empty where there is none, or none that is whole."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def _put(sentence: str, path: Path) -> None:
    """`sentence` as a file of the kind that `path` names."""
    if path.suffix == ".png":
        with replacing(path) as file:
            _picture(sentence).save(file, "png")
    else:
        write_text(_TEXTS[path.suffix](sentence) + "\n", path)


def _picture(sentence: str) -> Image.Image:
    text = textwrap.fill(sentence, LINE_LETTERS)
    picture = Image.new("L", (760, 40 + 15 * text.count("\n")), 255)
    ImageDraw.Draw(picture).multiline_text((12, 12), text, fill=0)
    return picture


def _svg(sentence: str) -> str:
    lines = textwrap.wrap(sentence, LINE_LETTERS)
    spans = [f'<tspan x="12" dy="18">{html.escape(line)}</tspan>' for line in lines]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{24 + 18 * len(lines)}">'
        f'<text y="6" font-family="sans-serif" font-size="14">{"".join(spans)}</text></svg>'
    )


_TEXTS: dict[str, Callable[[str], str]] = {
    ".md": str,
    ".tex": lambda sentence: f"% {sentence}",
    ".csv": lambda sentence: 'not made\n"{}"'.format(sentence.replace('"', '""')),
    ".svg": _svg,
}
