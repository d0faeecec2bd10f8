"""What a run may be asked: every field, its options, what goes together, digests; no torch.

Imports nothing of ours. Every other room asks it what to do.
"""

from mpo.settings.faults import OptionError
from mpo.settings.modules import option
from mpo.settings.options import OPTION_PACKAGES, PACKAGE, options
from mpo.settings.parameters import OptionParameters, kind_of, overlaid
from mpo.settings.validation import Settings, SettingsError, baseline, settings

__all__ = [
    "OPTION_PACKAGES",
    "PACKAGE",
    "OptionError",
    "OptionParameters",
    "Settings",
    "SettingsError",
    "baseline",
    "kind_of",
    "option",
    "options",
    "overlaid",
    "settings",
]
