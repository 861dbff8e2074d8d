"""What an attacker gains who undoes what a defacer did: the table of docs/results/attacks.md.

    uv run python -m docs.experiments.undoing COHORT PEOPLE CACHE

COHORT is a synthetic one of T2w scans with raw photographs (`mriprivacy cohort cohort=synth-200`), of which
the first PEOPLE are taken, one scan and one photograph each. CACHE keeps what was seen: an interrupted run
goes on. Adapted: each side from its own mean, in its own spread, cosine. A scan without a detected face
scores lowest. Differences from the surface as it is are paired, 95 % intervals over people. As control the
photograph of each person's doppelganger stands in the place of the own; the AUC minus that is identity.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np

from mriprivacy.baselines.attacks.face_network import embed
from mriprivacy.baselines.defacers import deface
from mriprivacy.baselines.face.appearance import appearance_of_photo, appearance_of_scan
from mriprivacy.baselines.face.landmarks import Face
from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.baselines.face.scan import Scan, read_scan
from mriprivacy.baselines.face.surface import SurfaceError, isotropic
from mriprivacy.baselines.face.undo import UNDOINGS
from mriprivacy.baselines.face.views import make_views
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.scoring import compare, draw_systems, score_identity

DEFACERS = (
    *("identity", "blur", "voxelize", "noise"),
    *("quickshear", "remove_face", "replace_face"),
)
NETWORKS = ("SFace", "Dlib")
SPACING_MM = 2.0
VIEWS = make_views([(0, 0), (-12, 0), (12, 0)])
AS_IT_IS, PHOTO, DOPPELGANGER = "as it is", "photo", "doppelganger"
FOLDERS = {PHOTO: "sourcedata/photos/raw", DOPPELGANGER: "derivatives/truth/doppelgangers/raw"}
Vectors = dict[str, np.ndarray]


def main(cohort: Path, people: int, cache: Path) -> None:
    """Print how well each surface links, and what it gains over the one as it is."""
    seen = [_person(cohort, f"sub-{number:04d}", cache) for number in range(1, people + 1)]
    surfaces = (AS_IT_IS, *UNDOINGS)
    columns = [*surfaces, *(f"{one} minus" for one in UNDOINGS), *(f"identity, {one}" for one in surfaces)]
    print(f"| network | after | {' | '.join(columns)} |")
    print(f"|{'---|' * (len(columns) + 2)}")
    for network in NETWORKS:
        for defacer in DEFACERS:
            print(f"| {network} | {defacer} | {' | '.join(_row(seen, network, defacer))} |", flush=True)


def _row(seen: list[Vectors], network: str, defacer: str) -> list[str]:
    """Return AUC, and the number of people with a face, of each surface; the differences; identity."""
    # `compare` takes the second of a pair from the first.
    names = (*UNDOINGS, AS_IT_IS)
    scores = {name: _scores(seen, network, f"{defacer} {name}").ravel() for name in names}
    probes, photos = np.divmod(np.arange(len(seen) ** 2), len(seen))
    draws = draw_systems(scores, probes == photos, probes, photos)
    area = dict(zip(draws.systems, draws.values["auc"], strict=True))
    faces = {name: sum(f"{network} {defacer} {name}" in own for own in seen) for name in names}
    gains = {one.first: one.difference for one in compare(draws, "auc") if one.second == AS_IT_IS}
    identities = [
        score_identity(scores[name], control.ravel(), probes == photos, probes, photos).identity
        for name in (AS_IT_IS, *UNDOINGS)
        for control in [_scores(seen, network, f"{defacer} {name}", DOPPELGANGER)]
    ]
    return [
        *(f"{area[name]:.2f} ({faces[name]})" for name in (AS_IT_IS, *UNDOINGS)),
        *(f"{one.value:+.2f} [{one.low:+.2f}, {one.high:+.2f}]" for one in map(gains.get, UNDOINGS) if one),
        *(f"{one.value:+.2f} [{one.low:+.2f}, {one.high:+.2f}]" for one in identities),
    ]


def _scores(seen: list[Vectors], network: str, what: str, mated: str = PHOTO) -> np.ndarray:
    """Return a score a pair, rows scans; the lowest where a scan has no face.

    With `mated=DOPPELGANGER` the pairs of a person with the own photograph are with the doppelganger's.
    """
    there = np.array([f"{network} {what}" in own for own in seen])
    scores = np.full((len(seen), len(seen)), -1.0)
    if there.sum() > 2:
        vectors = [own[f"{network} {what}"] for own in seen if f"{network} {what}" in own]
        photos = [own[f"{network} {PHOTO}"] for own in seen]
        scans = _adapted(vectors, vectors)
        scores[there] = scans @ _adapted(photos, photos).T
        counterparts = _adapted([own[f"{network} {mated}"] for own in seen], photos)[there]
        scores[np.flatnonzero(there), np.flatnonzero(there)] = np.einsum("ij,ij->i", scans, counterparts)
    return scores


def _adapted(vectors: list[np.ndarray], by: list[np.ndarray]) -> np.ndarray:
    """Take away the mean of `by` and divide by its spread; the result has length 1."""
    standard = (np.array(vectors) - np.mean(by, axis=0)) / np.std(by, axis=0)
    normed: np.ndarray = standard / np.linalg.norm(standard, axis=1, keepdims=True)
    return normed


def _person(cohort: Path, subject: str, cache: Path) -> Vectors:
    """Return the embeddings of a person's photograph and of each surface of the scan after each defacer."""
    kept = cache / f"{subject}.npz"
    if not kept.is_file():
        scan = isotropic(read_scan(sorted(cohort.glob(f"{subject}/**/*_T2w.nii.gz"))[0]), SPACING_MM)
        found: Vectors = {}
        for name, folder in FOLDERS.items():
            photo = sorted((cohort / folder).rglob(f"{subject}*"))[0]
            found |= _named(name, appearance_of_photo(read_photo(photo)).found)
        for defacer in DEFACERS:
            after = deface(defacer, scan, cache / "registrations")
            for name, undo in {AS_IT_IS: lambda one: one, **UNDOINGS}.items():
                found |= _named(f"{defacer} {name}", _faces(partial(undo, after)))
        with whole_file(kept) as temporary, temporary.open("wb") as stream:
            np.savez(stream, **found)  # type: ignore[arg-type]
        print(subject, file=sys.stderr, flush=True)
    with np.load(kept, allow_pickle=False) as arrays:
        return dict(arrays)


def _faces(make: partial[Scan]) -> tuple[Face, ...]:
    try:
        return appearance_of_scan(make(), SPACING_MM, VIEWS).found
    except SurfaceError:
        return ()


def _named(what: str, faces: tuple[Face, ...]) -> Vectors:
    return {f"{network} {what}": embed(faces, network).mean(axis=0) for network in NETWORKS if faces}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
