"""One update of MPO, in the paper's order: policy evaluation, E-step, M-step.

Imports settings alone; training calls `learner`, theory and benchmark the functions.
"""
