"""How the policy's outputs become its mean, one module each.

`mean(raw)` maps them as tensors, in updates, and `acted(raw)` the same in NumPy and in place, for
the actor. The density stays that of a Gaussian around the mean, so that it is exact in any form.
"""
