"""SR's protocol with the parts of its learner that differ from the rest of the package.

What is the same is imported: duals, SLSQP, critic losses, Adam, Gaussians. The faults of that
code, which are kept, and our choices are listed in `protocol`.
"""

from mpo.training.protocols.iterations.networks import Actor, Networks
from mpo.training.protocols.iterations.protocol import Training

__all__ = ["Actor", "Networks", "Training"]
