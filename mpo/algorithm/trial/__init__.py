"""Options tried before a run relies on them, held to `settings.contracts` on made-up numbers.

Training calls `attempt`. Nothing here changes what a run computes, so it is in no run's digest.
"""
