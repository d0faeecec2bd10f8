"""TensorBoard's event files, one a run: `tensorboard --logdir FOLDER` shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from mpo.evaluation.reading.load import Study
from mpo.evaluation.reading.manifest import RUN_KEYS
from mpo.rundir.events import Events


def write(study: Study, folder: Path) -> None:
    """Write them into TASK/VARIANT/SEED. Raises ValueError where TensorBoard is missing."""
    evaluations = study.evaluations[~study.evaluations["filled"].astype(bool)]
    tables = [_by_run(table) for table in (evaluations, study.training, study.timing)]
    for planned in study.manifest.runs:
        key = planned.task, planned.variant, planned.seed
        events = Events(folder.joinpath(*map(str, key)))
        events.update(*(table.get(key, []) for table in tables))
        events.close()


def _by_run(table: pd.DataFrame) -> dict[tuple[Any, ...], list[dict[Any, Any]]]:
    groups = table.groupby(RUN_KEYS, sort=False)
    return {key: rows.to_dict("records") for key, rows in groups if isinstance(key, tuple)}
