"""The switch for all kernels of this package: the environment variable GATERA_KERNELS."""

from __future__ import annotations

import os

from gatera.core.checks import check_choice

VARIABLE = "GATERA_KERNELS"


def kernels_on() -> bool:
    """Whether the fast kernels may be used: GATERA_KERNELS is "on" (or not set), not "off".

    Read each time, so that a test or a notebook may change it between two fits.

    Raises:
        ArgumentError: if the variable holds anything else.

    Example:
        >>> kernels_on()
        True
    """
    value = os.environ.get(VARIABLE, "on")
    check_choice(f"The environment variable {VARIABLE}", value, ("on", "off"))
    return value == "on"
