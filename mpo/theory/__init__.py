"""The theory of MPO verified by computation, without training: errata, operators, finite MDPs.

Imports the algorithm's functions and the evaluation's figures; commands and workflow call it.
Everything is in float64 from fixed seeds, beside solvers that know no closed form.
"""
