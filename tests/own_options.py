"""A user's own options, put beside the shipped ones for a test."""

import importlib
import sys
from pathlib import Path

import pytest

from mpo.settings import OPTION_PACKAGES

LOWER_CONFIDENCE = '''"""Evaluate π_i by a lower confidence bound of its actions' values."""

from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from mpo.settings import OptionParameters


class Parameters(OptionParameters):
    """Of the bound."""

    beta: float = Field(1.0, ge=0)
    """β: standard deviations of Q over actions that are taken off its mean."""


def value(
    q: Float[Tensor, "N B"], temperature: Float[Tensor, ""], parameters: Parameters
) -> Float[Tensor, " B"]:
    """V(s) = mean_j Q_j - β std_j Q_j, over samples N."""
    return q.mean(0) - parameters.beta * q.std(0)
'''


def put_option(
    field: str, name: str, text: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Write the option into `folder`, which is added to its kind's package; the file."""
    package = f"mpo.{OPTION_PACKAGES[field]}"
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.py"
    file.write_text(text)
    module = importlib.import_module(package)
    monkeypatch.setattr(module, "__path__", [*module.__path__, str(folder)])
    monkeypatch.delitem(sys.modules, f"{package}.{name}", raising=False)
    importlib.invalidate_caches()
    return file
