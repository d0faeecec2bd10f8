"""Forms of the covariance against linear algebra on whole matrices."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mpo.algorithm.mstep.covariances import diagonal, full
from tests.draws import COVARIANCES, gaussian, matrices, normal, seeds

FORMS = pytest.mark.parametrize("form", COVARIANCES)
MANY = full.WRITTEN_OUT + 2
sizes = st.sampled_from([1, 2, 3, 4, MANY])


def lower(form: str, scale: torch.Tensor) -> torch.Tensor:
    return torch.diag_embed(scale) if form == "diagonal" else scale


@FORMS
@given(seed=seeds, size=sizes)
def test_whiten_solves_and_transform_multiplies(form: str, seed: int, size: int) -> None:
    covariance, scale = COVARIANCES[form], gaussian(form, seed, size=size).scale
    vectors = normal(seed + 5, 4, 3, size)
    factor = lower(form, scale).expand(4, 3, size, size)
    product = (factor @ vectors.unsqueeze(-1)).squeeze(-1)
    torch.testing.assert_close(covariance.transform(scale, vectors), product)
    solved = torch.linalg.solve_triangular(factor, vectors.unsqueeze(-1), upper=False).squeeze(-1)
    found = covariance.whiten(scale, vectors)
    torch.testing.assert_close(found, solved, rtol=1e-6, atol=1e-6 * float(solved.abs().max()))
    torch.testing.assert_close(covariance.whiten(scale, product), vectors, rtol=1e-6, atol=1e-6)


@FORMS
@given(seed=seeds, size=sizes)
def test_determinant_trace_and_distance(form: str, seed: int, size: int) -> None:
    covariance = COVARIANCES[form]
    scale = gaussian(form, seed, size=size).scale
    other = gaussian(form, seed + 7, size=size).scale
    matrix, second = matrices(form, scale), matrices(form, other)
    inverse = torch.linalg.inv(matrix)
    vectors = normal(seed + 5, 3, size)
    log_determinant = 2.0 * covariance.half_log_determinant(scale).sum(-1)
    torch.testing.assert_close(log_determinant, torch.logdet(matrix), rtol=1e-6, atol=1e-6)
    trace = torch.einsum("bij,bji->b", inverse, second)
    found = covariance.trace_terms(scale, other).sum(-1)
    torch.testing.assert_close(found, trace, rtol=1e-5, atol=1e-5)
    distance = torch.einsum("bi,bij,bj->b", vectors, inverse, vectors)
    found = covariance.mahalanobis_terms(scale, vectors).sum(-1)
    torch.testing.assert_close(found, distance, rtol=1e-5, atol=1e-5)


@FORMS
@given(seed=seeds, size=sizes)
def test_deviation_is_the_root_of_the_matrix_s_diagonal(form: str, seed: int, size: int) -> None:
    scale = gaussian(form, seed, size=size).scale
    expected = matrices(form, scale).diagonal(dim1=-2, dim2=-1).sqrt()
    torch.testing.assert_close(COVARIANCES[form].deviation(scale), expected)


@FORMS
@given(seed=seeds, size=sizes, minimum=st.floats(0.0, 0.1))
def test_scale_is_positive_lower_triangular_and_above_the_minimum(
    form: str, seed: int, size: int, minimum: float
) -> None:
    covariance = COVARIANCES[form]
    raw = 5.0 * normal(seed, 6, covariance.outputs(size))
    factor = lower(form, covariance.scale(raw, 0.2, minimum))
    assert (factor.triu(1) == 0.0).all()
    assert (factor.diagonal(dim1=-2, dim2=-1) > minimum).all()
    softplus = torch.nn.functional.softplus(raw + 0.2) + minimum
    if form == "full":
        softplus = softplus.unflatten(-1, (size, size)).diagonal(dim1=-2, dim2=-1)
        below = raw.unflatten(-1, (size, size)).tril(-1)
        torch.testing.assert_close(factor.tril(-1), below)
    torch.testing.assert_close(factor.diagonal(dim1=-2, dim2=-1), softplus)


def test_outputs() -> None:
    assert [diagonal.outputs(3), full.outputs(3)] == [3, 9]


@FORMS
@pytest.mark.parametrize("size", [2, MANY])
def test_gradients(form: str, size: int) -> None:
    covariance = COVARIANCES[form]
    raw = normal(0, 3, covariance.outputs(size)).requires_grad_()
    vectors = normal(1, 4, 3, size).requires_grad_()
    scale = gaussian(form, 3, size=size).scale.requires_grad_()
    other = gaussian(form, 4, size=size).scale.requires_grad_()
    for function, inputs in (
        (lambda raw: covariance.scale(raw, 0.2, 1e-3), (raw,)),
        (covariance.whiten, (scale, vectors)),
        (covariance.transform, (scale, vectors)),
        (covariance.half_log_determinant, (scale,)),
        (covariance.trace_terms, (scale, other)),
        (covariance.mahalanobis_terms, (scale, vectors[0].detach().requires_grad_())),
        (covariance.deviation, (scale,)),
    ):
        assert torch.autograd.gradcheck(function, inputs)
