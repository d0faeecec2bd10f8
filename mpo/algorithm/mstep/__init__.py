"""The M-step: weighted maximum likelihood under KL bounds (P1 section 3.3, eq. 10-12).

Options: likelihoods, how KLs become constraints, covariances.
"""
