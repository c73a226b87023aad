"""The backend's support of maps, which this product has none of."""

import ctypes.util


def look_for_none() -> None:
    """Have GDAL count as not installed, before the backend is imported.

    The backend looks for it three times, each time by a dozen names for which the linker and the
    compiler are asked: 0.65 s of processor time in each process that starts.
    """
    ctypes.util.find_library = _all_but_gdal


_find_library = ctypes.util.find_library


def _all_but_gdal(name: str) -> str | None:
    return None if "gdal" in name.lower() else _find_library(name)
