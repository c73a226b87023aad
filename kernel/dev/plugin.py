"""A pytest plugin: started by hand, the tests get the servers that `make test` would have started.

Named in `addopts`, because Django's settings are read before any conftest.
"""

import os

if "MONGODB_URI" not in os.environ:
    from kernel.dev.embedded import ensure_environment

    ensure_environment()
