"""Operations in the form that compiles to fast code on a CPU; their values are the usual ones."""

import torch
from jaxtyping import Float
from torch import Tensor


def materialised(x: Float[Tensor, "*S"]) -> Float[Tensor, "*S"]:
    """x itself, which a compiled graph stores before anything reads it.

    The compiler otherwise fuses the making of small tensors into the large loops that read them:
    the sampling of an action into the loop over hidden units, where each of 200 units samples it
    again. A view by strides is what it cannot fuse through.
    """
    return x.as_strided(x.shape, x.stride())


def added(product: Float[Tensor, "*S"], x: Float[Tensor, "*S"]) -> Float[Tensor, "*S"]:
    """A matrix product plus x, which may be broadcast.

    Added through a dimension of size 1, since the compiler otherwise has x written out before the
    product that adds to it, a pass over memory that nothing else joins.
    """
    return (product.unsqueeze(0) + x).squeeze(0)


def tanh(x: Float[Tensor, "*S"]) -> Float[Tensor, "*S"]:
    """tanh(x) = 2 σ(2x) - 1, exact to float32's rounding of 1.

    A compiled σ is one vectorised exponential; the compiled tanh calls a library function that
    takes four times as long.
    """
    return 2.0 * torch.sigmoid(2.0 * x) - 1.0
