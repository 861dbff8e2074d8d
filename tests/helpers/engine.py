"""The engine that the tests of the pipeline work on: `uv run pytest -m pipeline --engine=dask`.

The tests of a module that imports `ENGINE` or `ENGINE_WORDS` from here are those tests (tests/conftest.py).
By default it is this process, the quickest for a few small images.
"""

import os

from mriprivacy.challenge.compute.parallel import Compute

VARIABLE = "MRIPRIVACY_TEST_ENGINE"
ENGINE = Compute(os.environ.get(VARIABLE, "sequential"), 2)
ENGINE_WORDS = ENGINE.words()
