"""Where the dual of the E-step is finite in float32: the raw form beside the stable one.

Both are the modules of `algorithm.estep.duals` that training uses, differentiated by autograd as
there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mpo.algorithm.estep.duals import raw, stable

FORMS = {"raw": raw, "stable": stable}
SAMPLES = 20
EPSILON = 0.1
LEVELS = np.logspace(-1.0, 4.0, 41)
"""|Q_max|, the largest Q of a state; its samples reach down to Q_max - |Q_max| / 2, evenly."""
TEMPERATURES = np.logspace(-3.0, 3.0, 43)
"""Eight levels and seven temperatures a decade, so that Q_max/η takes 56 values a decade."""
FINITE, GRADIENT, VALUE = "finite", "gradient", "value"
"""Outcomes: all finite; the value finite and its gradient not; the value not finite."""


def outcomes(form: str, sign: float) -> pd.DataFrame:
    """What becomes of the dual on the grid: form, sign, level, temperature, outcome.

    `sign` is that of every Q.
    """
    levels, temperatures = (grid.ravel() for grid in np.meshgrid(LEVELS, TEMPERATURES))
    spread = sign - torch.linspace(0.0, 0.5, SAMPLES)
    q = torch.from_numpy(levels).float()[:, None, None] * spread[:, None]
    value, gradient = value_and_gradient(form, q, torch.from_numpy(temperatures).float())
    finite = torch.where(gradient.isfinite(), 0, 1)
    code = torch.where(value.isfinite(), finite, 2).numpy()
    return pd.DataFrame(
        {
            "form": form,
            "sign": int(sign),
            "level": levels,
            "temperature": temperatures,
            "outcome": np.array([FINITE, GRADIENT, VALUE])[code],
        }
    )


def value_and_gradient(form: str, q: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
    """g(η) and dg/dη of K problems of one state: q [K, N, 1], η [K]."""

    def dual(eta: Tensor, samples: Tensor) -> Tensor:
        return FORMS[form].dual(samples, eta, EPSILON, torch.ones(1, dtype=samples.dtype))

    gradient, value = torch.func.vmap(torch.func.grad_and_value(dual))(temperature, q)
    return value, gradient


def overflow_map() -> pd.DataFrame:
    """Both forms, for positive and for negative Q."""
    return pd.concat(
        [outcomes(form, sign) for form in FORMS for sign in (1.0, -1.0)], ignore_index=True
    )


def limits(found: pd.DataFrame) -> pd.DataFrame:
    """Each form and sign: points, how many are not finite, and the least |Q_max|/η of those."""
    ratio = found["level"] / found["temperature"]
    rows = []
    for (form, sign), part in found.groupby(["form", "sign"], sort=False):
        failed = part.index[part["outcome"] != FINITE]
        rows.append(
            {
                "form": form,
                "sign": sign,
                "points": len(part),
                "not_finite": len(failed),
                "least_ratio": ratio[failed].min(),
            }
        )
    return pd.DataFrame(rows)
