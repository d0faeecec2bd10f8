"""What an update, an action, a step and a study cost, beside what they must (`mpo benchmark`).

Imports training, algorithm, study and the evaluation's figures; commands call it. What is compared
alternates in one run, since a machine's speed drifts: ratios hold, milliseconds are the machine's.
"""
