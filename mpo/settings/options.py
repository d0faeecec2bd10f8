"""The options of the settings: a name is a module of its kind's package."""

import importlib
from types import ModuleType

from mpo.settings import OPTION_PACKAGES


def option(field: str, name: str) -> ModuleType:
    """The module that implements `name` for the setting `field`: `mpo/<package>/<name>.py`."""
    return importlib.import_module(f"mpo.{OPTION_PACKAGES[field]}.{name}")
