"""Operations in the form that compiles to fast code on a CPU; their values are the usual ones."""

import torch
from jaxtyping import Float
from torch import Tensor

_LIBRARY = torch.library.Library("mpo", "DEF")
_LIBRARY.define("materialised(Tensor x) -> Tensor")
_LIBRARY.impl("materialised", torch.clone, "CompositeExplicitAutograd")


def materialised(x: Float[Tensor, "*S"]) -> Float[Tensor, "*S"]:
    """A copy of x, which a compiled graph stores.

    Home-made, an operator that the compiler cannot look into, since otherwise it fuses the making
    of small tensors into large loops that read them: the sampling of an action into the loop over
    hidden units, where each of 200 units samples it again. Has no gradient.
    """
    return torch.ops.mpo.materialised(x)


def tanh(x: Float[Tensor, "*S"]) -> Float[Tensor, "*S"]:
    """tanh(x) = 2 σ(2x) - 1, exact to float32's rounding of 1.

    A compiled σ is one vectorised exponential; the compiled tanh calls a library function that
    takes four times as long.
    """
    return 2.0 * torch.sigmoid(2.0 * x) - 1.0
