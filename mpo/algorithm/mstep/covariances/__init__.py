"""Covariances of the Gaussian policy, one module each, over the same functions.

| symbol | name | shape |
|---|---|---|
| μ | `mean` | [..., A] |
| L, Σ = L Lᵀ | `scale` | diagonal: [..., A] standard deviations; full: [..., A, A] |
| raw network outputs of L | `raw_scale` | [..., `outputs(A)`] |
| D, dimensions over which KL terms are kept apart | | A if diagonal, 1 if full |

`algorithm.gaussian` builds log-densities, entropies and KLs on `whiten` and `half_log_determinant`.
"""
