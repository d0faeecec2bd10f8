"""The parts of SR's code that differ from the rest of the package, for `protocol: iterations`.

SR is Chen, Chin, Li and Chen 2021, "Replication: Maximum a Posteriori Policy Optimisation". What
is the same is imported: duals, SLSQP, critic losses, Adam, Gaussians. The faults and the choices
are listed in `mpo.protocols.iterations`.
"""
