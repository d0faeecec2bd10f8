"""From the files of a study's runs to scores, intervals, verdicts, tables, figures, the report.

Imports rundir and settings, never torch. Data flows reading -> estimating -> claims -> showing ->
telling, every arrow a function of frames; `stages` is called by the workflow. In a notebook,
`load("results/smoke")` gives the logs as frames, `read_frames` what was computed from them.
"""

from mpo.evaluation.reading.frames import Frames, read_frames
from mpo.evaluation.reading.load import Study, StudyError, load

__all__ = ["Frames", "Study", "StudyError", "load", "read_frames"]
