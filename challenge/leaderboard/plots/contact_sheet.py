"""Renders before and after defacing, of synthetic people, or of real ones where an organizer says so."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mriprivacy.baselines.face.render import render
from mriprivacy.baselines.face.scan import read_scan
from mriprivacy.baselines.face.surface import SurfaceError, reconstruct
from mriprivacy.baselines.face.views import View
from mriprivacy.challenge.compute.parallel import Lost
from mriprivacy.challenge.compute.sandbox import run_untrusted
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.intake.submission import DefacingSubmission

PEOPLE = 2
SIZE = 160
VIEWS = (View(0, 0), View(40, 0))


@dataclass(frozen=True)
class Pair:
    """Pictures of one scan as data URIs; empty where no head surface can be made of it."""

    probe: str
    before: str
    after: str


@dataclass(frozen=True)
class _SheetJob:
    path: Path
    spacing_mm: float


def contact_sheet(context: Context, submission: DefacingSubmission) -> list[Pair]:
    """Draw the first scans of `eval`, by id, as released and as defaced.

    Parameters
    ----------
    context : Context
        Edition and means.
    submission : DefacingSubmission
        With the defaced scans.
    """
    split = context.edition.eval
    probes = sorted(split.probes)[:PEOPLE]
    paths = [split.scan(p) for p in probes] + [submission.scans["eval", p] for p in probes]
    jobs = [_SheetJob(path, context.protocol.spacing_mm) for path in paths]
    found = run_untrusted(_pictures, jobs, "contact sheet", context.compute)
    uris = ["" if isinstance(pictures, Lost) else _uri(pictures) for pictures in found]
    return [Pair(*one) for one in zip(probes, uris, uris[len(probes) :], strict=False)]


def _pictures(job: _SheetJob) -> list[NDArray[np.uint8]]:
    try:
        return render(reconstruct(read_scan(job.path), job.spacing_mm), list(VIEWS), SIZE)
    except SurfaceError:
        return []


def _uri(pictures: Sequence[NDArray[np.uint8]]) -> str:
    """Return pictures side by side as one JPEG; empty for none."""
    if not pictures:
        return ""
    stream = io.BytesIO()
    Image.fromarray(np.hstack(list(pictures))).save(stream, format="JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
