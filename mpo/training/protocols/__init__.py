"""Protocols, one module each: how data is collected and when it is learnt from.

A module offers `Training` (a `training.session.Session`), and what plays a finished run's policy
again: `Networks` and `Actor`.
"""
