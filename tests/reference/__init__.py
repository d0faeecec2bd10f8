"""A whole update of MPO, straight from the papers' equations, to hold the fast one to.

Written apart from `algorithm.update`: torch.nn modules, torch.distributions, loops over sequences,
`loss.backward()` on the Lagrangian written out, torch.optim.Adam, and SciPy's bounded search for
the temperature where it is solved for. Of `mpo` it uses the settings, the batch and the names of
parameters, nothing that computes.
"""

from .iterations import Iterations
from .update import Reference

__all__ = ["Iterations", "Reference"]
