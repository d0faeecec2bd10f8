"""From the files of a study's runs to scores, intervals, tables, figures and the report.

Data flows one way, and every arrow is a pure function of frames:

    manifest.json, runs/ -> load -> scores, curves, diagnostics -> estimates -> tables, figures
                                                                             -> report

In a notebook, `load("results/smoke")` gives a study's logs as tidy pandas frames and
`read_frames("results/smoke")` what was computed from them. Of the rest of `mpo` this package
imports only `rundir` and `settings`; PyTorch is never needed to look at results.
"""

from mpo.evaluation.frames import Frames, read_frames
from mpo.evaluation.load import Study, StudyError, load

__all__ = ["Frames", "Study", "StudyError", "load", "read_frames"]
