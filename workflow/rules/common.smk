# What several stages share: where a run's files are, and what the rules after training read.
import getpass
import threading
import time

from mpo.benchmark import expected
from mpo import rundir
from mpo.evaluation.reading import frames
from mpo.evaluation.showing import failures
from mpo.settings.equality import MANIFEST

# A rule's `python` is the one that runs Snakemake, also where its environment is not active.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

# Snakemake asks for the user's name, which a container may not know.
try:
    getpass.getuser()
except (KeyError, OSError):
    os.environ["LOGNAME"] = f"uid_{os.getuid()}"

RUN_FILES = {Path(name).stem: name for name in rundir.RUN_FILES}
FRAMES = [f"{DIR}/{name}" for name in (MANIFEST, *frames.FRAMES.values())]
THEORY_FIGURES = {
    "appendix_sign": [],
    "overflow_map": [],
    "backups_order": [],
    "policy_iteration": ["iterations", "cycling"],
}
"""Figures of the theory with the tables that they write, where the study asks for it."""
if not STUDY.theory:
    THEORY_FIGURES = {}
THEORY = [f"{DIR}/theory/section.md"] if STUDY.theory else []
ERRATA = [f"{DIR}/theory/errata.csv"] if STUDY.theory else []


wildcard_constraints:
    task="|".join(STUDY.tasks),
    seed="|".join(str(seed) for seed in STUDY.seeds),


def code_of(script, *modules):
    """A parameter that changes when the code of a script, or of what it imports, does."""
    return script_digest(Path("workflow/scripts", script), *modules)


def failures_of(rule):
    """A parameter that changes when an exhibit of the rule fails, so that it is made again."""
    return failures.count(rule, Path(DIR))


def tell_failures():
    """What could not be made and has a sentence in its place, after everything else was told."""
    for sentence in failures.standing(Path(DIR)):
        print(f"mpo: {sentence} The next call tries again.", file=sys.stderr)


def tell_left():
    """How long the study takes, before it starts, and every ten minutes while it runs."""
    cores = (workflow.cores,) if workflow.cores else ()

    def tell():
        if said := expected.said(STUDY, cores):
            print(f"mpo: {said}", file=sys.stderr, flush=True)

    def count_down():
        while True:
            time.sleep(600)
            try:
                tell()
            except (OSError, ValueError):  # of a file that is being written
                pass

    tell()
    threading.Thread(target=count_down, daemon=True).start()


onstart:
    tell_left() if TRAIN else None


onsuccess:
    tell_failures()


onerror:
    tell_failures()
