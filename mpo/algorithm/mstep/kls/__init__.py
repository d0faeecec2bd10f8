"""How the M-step's KL terms become constraints, one module each.

`constraints(terms)` maps terms [B, D] of the dimensions to [B, C] constrained quantities, and
`count(action_dimension)` gives C, the number of multipliers of each kind.
"""
