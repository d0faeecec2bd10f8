"""SR's code: collect episodes, go through them a few times, forget them; its faults included.

Here are the protocol and the parts of its learner that differ from the rest of the package.
What is the same is imported: duals, SLSQP, critic losses, Adam, Gaussians. The faults of that
code, which are kept, and our choices are listed in `protocol`.
"""

from mpo.training.actor import Actor
from mpo.training.protocols.iterations.networks import Networks
from mpo.training.protocols.iterations.protocol import Training

__all__ = ["Actor", "Networks", "Training"]
