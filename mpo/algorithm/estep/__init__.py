"""The E-step: weights of action samples, and the dual whose minimiser is their temperature
(P1 section 3.2, eq. 7-9). Options: forms, duals, dual solvers.
"""
