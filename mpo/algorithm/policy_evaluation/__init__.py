"""The critic: what it is regressed on, and its step (P1 section 4). Options: what the target
evaluates (backups), over how many steps (returns), critic losses, target updates, action entries.
"""
