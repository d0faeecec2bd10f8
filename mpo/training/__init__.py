"""One run: environment, replay, actor, episodes, protocol, checkpoints, files.

Imports algorithm, settings and rundir; commands, benchmark and the workflow's trainers call it.
"""
