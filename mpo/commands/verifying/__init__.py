"""What `verify` does beside recomputing: runs trained again, by today's code and by older code.

Called by `mpo.commands.verification` alone.
"""
