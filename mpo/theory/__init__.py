"""The theory of MPO verified by computation, without training anything.

`errata` sets what a paper prints beside what is right, and both beside an independent
computation: a general convex solver that knows no closed form, automatic differentiation,
brute-force sums. `mdp`, `enumerated` and `policy_iteration` run the algorithm on finite Markov
decision processes, exactly, through the functions that training uses. `figures` draws, and
`section` writes what the report says.

Everything is in float64 and from fixed seeds. Nothing of `mpo` imports this package.
"""
