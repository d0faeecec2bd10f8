"""Forms of the E-step, one module each.

`SAMPLES_ONLINE` says whether the policy is fitted on actions of the online policy instead of
the target policy's; `weights(q, temperature)` weighs their log-likelihoods; `kl_terms` gives the
constrained divergences; `HAS_TEMPERATURE` says whether there is a dual to solve.
"""
