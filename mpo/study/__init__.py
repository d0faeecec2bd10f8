"""From configuration files to runs: tasks, variants, studies, claims; how far a study is.

Imports settings and rundir, never torch; commands, benchmark and the workflow call it.
"""
