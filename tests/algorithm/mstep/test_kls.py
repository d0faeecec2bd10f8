"""How KL terms become constraints."""

import torch

from mpo.algorithm.mstep.kls import joint, per_dimension
from tests.draws import normal


def test_joint_sums_the_dimensions_of_each_state() -> None:
    terms = normal(0, 4, 3)
    found = joint.constraints(terms)
    assert found.shape == (4, joint.count(3)) == (4, 1)
    for s in range(4):
        torch.testing.assert_close(found[s, 0], sum(terms[s]))


def test_per_dimension_keeps_them() -> None:
    terms = normal(0, 4, 3)
    found = per_dimension.constraints(terms)
    assert found.shape == (4, per_dimension.count(3)) == (4, 3)
    torch.testing.assert_close(found, terms)


def test_gradients() -> None:
    terms = normal(0, 4, 3).requires_grad_()
    assert torch.autograd.gradcheck(joint.constraints, (terms,))
    assert torch.autograd.gradcheck(per_dimension.constraints, (terms,))
