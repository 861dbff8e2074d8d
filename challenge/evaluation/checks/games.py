"""Ways to seem private without being it, each named for what it is; a system that does so is not ranked."""

from collections.abc import Mapping, Sequence

import numpy as np

from mriprivacy.challenge.attackers.levels import Seen
from mriprivacy.challenge.compute.parallel import some
from mriprivacy.challenge.evaluation.checks.brain_gate import LEAST_CHANGED
from mriprivacy.challenge.evaluation.checks.kept_face import KeptFace
from mriprivacy.challenge.evaluation.checks.same_defacing import split_test
from mriprivacy.challenge.evaluation.checks.whose_face import OthersFace, others_faces, others_outlines
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.metrics import defined
from mriprivacy.scoring import Estimate
from mriprivacy.scoring.metrics.utility_measures import summarize_utility

# From this share of the face's voxels on, the original's face is there, whatever covers it. remove_face
# keeps .54 of them, for it cuts less deep than the face reaches.
FACE_INSIDE = 0.8
FEW = 0.1  # of the scans: fewer are a defacer's failures, which attackers find
OUTLINE = "volume"

Kept = Mapping[str, KeptFace]


def face_figures(context: Context, kept: Kept) -> dict[str, Estimate]:
    """Return `kept_share`, the mean share of the face kept in scans of `eval`; empty if it is not known."""
    known = [p for p in context.edition.eval.probes if p in kept and np.isfinite(kept[p].face)]
    if not known:
        return {}
    rows, people = [{"kept_share": kept[p].face} for p in known], [context.sealed.subjects[p] for p in known]
    protocol = context.protocol
    return defined(summarize_utility(rows, people, protocol.bootstrap, protocol.bootstrap_seed))


def games(context: Context, kept: Kept, original: Seen, defaced: Seen) -> list[str]:
    """Name every game that a system plays, a line each.

    Parameters
    ----------
    context : Context
        Has the key.
    kept : mapping from id to KeptFace
        Of all scans of both splits (`challenge.evaluation.checks.brain_gate.apply_gate`).
    original, defaced : Seen
        Features of the scans as released and as defaced.
    """
    if not kept:
        return []
    return [
        *_not_defaced(kept),
        *_face_inside(kept),
        *_others(context, kept, original, defaced),
        *_splits_differ(context, kept, original, defaced),
    ]


def _not_defaced(kept: Kept) -> list[str]:
    names = [name for name, one in kept.items() if _same(one)]
    if not names:
        return []
    return [
        f"not defaced: {len(names)} of {len(kept)} scans are the originals but for less than "
        f"{LEAST_CHANGED:.0%} of the head's voxels ({some(names)})"
    ]


def _face_inside(kept: Kept) -> list[str]:
    names = [name for name, one in kept.items() if one.face >= FACE_INSIDE and not _same(one)]
    if not names or len(names) < FEW * len(kept):
        return []
    return [
        f"the original face is inside: in {len(names)} of {len(kept)} scans {FACE_INSIDE:.0%} or more of the "
        f"face's voxels are the original's ({some(names)})"
    ]


def _same(one: KeptFace) -> bool:
    return one.head > 1 - LEAST_CHANGED


def _others(context: Context, kept: Kept, original: Seen, defaced: Seen) -> list[str]:
    subjects = context.sealed.subjects
    before, after = (
        {
            name: image.vectors[OUTLINE]
            for images in seen.scans.values()
            for name, image in images.items()
            if OUTLINE in image.vectors
        }
        for seen in (original, defaced)
    )
    by_scan = {one.scan: one for one in others_outlines(before, after, subjects)}
    by_scan |= {one.scan: one for one in others_faces(kept, subjects)}
    return _named(list(by_scan.values()), len(kept))


def _named(found: Sequence[OthersFace], scans: int) -> list[str]:
    if not found:
        return []
    pairs = [f"the head of {one.face} is in the scan of {one.scan}" for one in found]
    return [f"faces of other people: in {len(found)} of {scans} scans ({some(pairs)})"]


def _splits_differ(context: Context, kept: Kept, original: Seen, defaced: Seen) -> list[str]:
    subjects = context.sealed.subjects
    after = split_test(defaced.scans, kept, subjects, defaced=True)
    if not after.differ or split_test(original.scans, kept, subjects, defaced=False).differ:
        return []
    return [
        "dev and eval are defaced in different ways: a classifier separates defaced scans of dev and eval "
        f"(balanced accuracy {after.accuracy:.2f}, p {max(after.p, 1e-4):.4f}), and undefaced ones not"
    ]
