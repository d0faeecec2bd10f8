"""`python -m mpo benchmark`: what an update, an action and a step cost, beside what they must.

Everything is measured on one thread and in one run, in pairs that alternate what is compared,
since the speed of a machine drifts; ratios can be trusted, milliseconds belong to the machine.
"""
