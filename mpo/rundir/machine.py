"""What computes a run."""

import platform
from pathlib import Path

CPU_FLAGS = ("avx", "avx2", "avx512f", "fma", "amx_tile")


def processor() -> tuple[str, list[str]]:
    """CPU model and relevant flags."""
    model, flags = platform.processor(), []
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value.strip()
            elif key.strip() == "flags":
                flags = [flag for flag in CPU_FLAGS if flag in value.split()]
                break
    return model, flags
