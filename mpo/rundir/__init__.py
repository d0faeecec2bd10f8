"""The files of a run: the one contract between training, whoever trains, and evaluation.

Needs nothing but Python, so that a program in an environment of its own can import it.

| module | what it holds |
|---|---|
| `files` | names, columns, how they are written and checked |
| `progress` | what is said of a run while it is trained |
| `asked` | a run that a study asks other code for |
| `foreign` | `foreign_run`: a run that other code trains, its files and its progress |
| `events` | a run's rows as TensorBoard shows them, which is imported only there |
| `machine` | what computes a run |
"""

from mpo.rundir.asked import Asked, Divergence
from mpo.rundir.files import (
    COMPLETED,
    DIVERGED,
    EVALUATION_COLUMNS,
    EVALUATIONS,
    FINISHED,
    FORMAT,
    POLICY,
    RUN,
    RUN_FILES,
    TEMPORARY,
    TIMING,
    TIMING_COLUMNS,
    TRAINING,
    TRAINING_COLUMNS,
    altered,
    checksum,
    is_complete,
    json_bytes,
    link,
    replacing,
    require_writable,
    sweep,
    table,
    trained_by,
    write_atomically,
)
from mpo.rundir.foreign import ForeignRun, foreign_run
from mpo.rundir.progress import PROGRESS

__all__ = [
    "COMPLETED",
    "DIVERGED",
    "EVALUATIONS",
    "EVALUATION_COLUMNS",
    "FINISHED",
    "FORMAT",
    "POLICY",
    "PROGRESS",
    "RUN",
    "RUN_FILES",
    "TEMPORARY",
    "TIMING",
    "TIMING_COLUMNS",
    "TRAINING",
    "TRAINING_COLUMNS",
    "Asked",
    "Divergence",
    "ForeignRun",
    "altered",
    "checksum",
    "foreign_run",
    "is_complete",
    "json_bytes",
    "link",
    "replacing",
    "require_writable",
    "sweep",
    "table",
    "trained_by",
    "write_atomically",
]
