"""Judge hair removal against the truly bald photographs of synthetic people: by eye, and by linkage.

    uv run python -m docs.experiments.hair_removal OUTPUT [SEED [PEOPLE]]

Prints a line a person: seconds of CPU of the removal and of its check, and the mark. Then one T2w scan a
person (2 mm) is linked with each kind of photograph: AUC of all pairs. Adapted: each side standardized by its
own images of the people compared, without a key. Differences are paired over people, 95 %.

Writes OUTPUT/sheet_<n>.png, four people a row (as photographed, hair removed, truly bald), and prints the
area that differs from the truly bald picture, in areas of the head. An interrupted run goes on.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mriprivacy.baselines.face.head_outline import outline_of
from mriprivacy.baselines.face.landmarks import find_face
from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.baselines.hair.check import why_failed
from mriprivacy.baselines.hair.removal import NoFaceError, cut_out, remove_hair
from mriprivacy.challenge.attackers.features import Extraction, ImageFeatures, extract
from mriprivacy.challenge.attackers.linkage import adapt_to, link
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.protocol import Rendering
from mriprivacy.data_prep.formats.atomic import write_whole
from mriprivacy.data_prep.synthetic import bids_files as bids
from mriprivacy.data_prep.synthetic.cohort_settings import PhotoSettings, ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.dataset import write_person
from mriprivacy.data_prep.synthetic.people.person import draw_people
from mriprivacy.scoring import compare, draw_systems

Picture = NDArray[np.uint8]
Images = Mapping[str, ImageFeatures]
VISIBLE = 15.0  # CIELAB
EDGE, COLUMNS, ROWS = 170, 4, 5
SPACING_MM = 2.0
ATTACKS = ("deepface(Dlib)", "deepface(SFace)")
AS_IT_IS, BUILT_IN, MIXED, TRUE = "raw", "built-in bald", "built-in, raw where marked", "truly bald"
CONTRASTED = ((BUILT_IN, AS_IT_IS), (TRUE, AS_IT_IS), (TRUE, BUILT_IN), (MIXED, BUILT_IN), (MIXED, AS_IT_IS))


@dataclass(frozen=True)
class Judged:
    """A person whose hair was removed: pictures as photographed, hair removed and truly bald; the mark."""

    subject: str
    pictures: tuple[Picture, Picture, Picture]
    mark: str


def differing_area(raw: Picture, made: Picture, true: Picture) -> float:
    """Return the area near the head that visibly differs, in areas of the head."""
    face = find_face(raw, thorough=True)
    if face is None:
        return float("nan")
    outline = outline_of(face.landmarks, *raw.shape[:2])
    near = (outline.down > -1.7) & (outline.down < 1.2) & (np.abs(outline.across) < 1.8)
    head = outline.below_crown_of(cut_out(raw, outline)).head
    lab = [cv2.cvtColor(one.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for one in (made, true)]
    apart = np.linalg.norm(lab[0] - lab[1], axis=2) > VISIBLE
    return float((apart & near).sum() / head.sum())


def sheet(rows: Sequence[Judged]) -> Image.Image:
    """Draw people in rows of four, each three times."""
    width, height = 3 * EDGE + 12, EDGE + 14
    page = Image.new("RGB", (COLUMNS * width, ROWS * height), "white")
    for i, person in enumerate(rows):
        x, y = i % COLUMNS * width, i // COLUMNS * height
        ImageDraw.Draw(page).text((x, y), person.subject, fill="black")
        for j, picture in enumerate(person.pictures):
            page.paste(Image.fromarray(picture).resize((EDGE, EDGE)), (x + j * EDGE, y + 13))
    return page


def judge(people: Path, subject: str, kept: Path) -> Judged | None:
    """Remove a person's hair and keep the photograph and the mark; nothing where no face is found."""
    raw = read_photo(bids.photo_path(people, subject, "raw", 1))
    true = read_photo(bids.true_bald_path(people, subject, 1))
    made = bids.photo_path(people, subject, "bald", 1)
    if not kept.is_file():
        start = time.process_time()
        try:
            bald = remove_hair(raw)
        except NoFaceError as error:
            print(f"{subject}\tn/a\t{error}")
            return None
        removed = time.process_time()
        mark = why_failed(raw, bald)
        bids.write_picture(made, bald.picture)
        write_whole(kept, f"{removed - start:.2f}\t{time.process_time() - removed:.2f}\t{mark}\n")
    seconds = kept.read_text(encoding="utf-8").rstrip("\n").split("\t")
    print("\t".join([subject, *seconds]), flush=True)
    return Judged(subject, (raw, read_photo(made), true), seconds[-1])


def features(people: Path, seen: Sequence[Judged], cache: Path) -> tuple[Images, dict[str, Images]]:
    """Return what the attacks take from scans, and from each kind of photograph, by person."""
    taken = Extraction(ATTACKS, Rendering(SPACING_MM), cache)

    def look(paths: dict[str, Path], kind: str, label: str) -> dict[str, ImageFeatures]:
        return extract(paths, kind, taken, label, Compute("sequential"))

    names = [one.subject for one in seen]
    photos = {
        AS_IT_IS: {name: bids.photo_path(people, name, "raw", 1) for name in names},
        BUILT_IN: {name: bids.photo_path(people, name, "bald", 1) for name in names},
        TRUE: {name: bids.true_bald_path(people, name, 1) for name in names},
    }
    scans = look({name: bids.scan_path(people, name, "T2w", "") for name in names}, "scan", "scans")
    shots: dict[str, Images] = {kind: look(paths, "photo", kind) for kind, paths in photos.items()}
    marked = {one.subject for one in seen if one.mark}
    shots[MIXED] = {name: shots[AS_IT_IS if name in marked else BUILT_IN][name] for name in names}
    return scans, shots


def table(scans: Images, shots: Mapping[str, Images], whose: Mapping[str, Sequence[str]]) -> str:
    """Return the AUC by kind of photograph, and their paired differences, as two tables."""
    first = ["| people | attack | level | " + " | ".join(shots) + " |", "|" + "---|" * (len(shots) + 3)]
    pairs = [(one, other) for one, other in CONTRASTED if {one, other} <= set(shots)]
    second = ["| people | attack | level | " + " | ".join(f"{a} minus {b}" for a, b in pairs) + " |"]
    second.append("|" + "---|" * (len(pairs) + 3))
    for who, names in whose.items():
        for attack in ATTACKS:
            for level in ("ignorant", "adapted"):
                start = f"| {who} ({len(names)}) | {attack} | {level} | "
                area, gaps = _linked(attack, level, scans, shots, names)
                first.append(start + " | ".join(f"{area[kind]:.3f}" for kind in shots) + " |")
                second.append(start + " | ".join(gaps[pair] for pair in pairs) + " |")
    return "\n".join([*first, "", *second])


def _linked(
    attack: str, level: str, scans: Images, shots: Mapping[str, Images], names: Sequence[str]
) -> tuple[dict[str, float], dict[tuple[str, str], str]]:
    """Return AUC by kind of photograph, and the paired differences of all pairs of kinds, either way."""
    count, scores = len(names), {}
    probe, photo = np.divmod(np.arange(count**2), count)
    trials = [(names[i], names[j]) for i, j in zip(probe, photo, strict=True)]
    own = {name: scans[name] for name in names}
    for kind, images in shots.items():
        shown = {name: images[name] for name in names}
        how = adapt_to(attack, own, shown).similarity if level == "adapted" else None
        scores[kind] = link(attack, trials, own, shown, how)
    draws = draw_systems(scores, probe == photo, probe, photo)
    gaps = {}
    for one in compare(draws, "auc"):
        gap = one.difference
        gaps[one.first, one.second] = f"{gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]"
        gaps[one.second, one.first] = f"{-gap.value:+.3f} [{-gap.high:+.3f}, {-gap.low:+.3f}]"
    return dict(zip(draws.systems, draws.values["auc"].tolist(), strict=True)), gaps


def main(output: Path, seed: int = 2501, count: int = 56) -> None:
    """Judge a cohort."""
    people = output / "people"
    scanned, shot = ScanSettings(spacing_mm=SPACING_MM), PhotoSettings(doppelgangers=False)
    config = SyntheticCohort(subjects=count, seed=seed, scans=scanned, photos=shot)
    seen = []
    for person in draw_people(config):
        if not bids.true_bald_path(people, person.subject, 1).is_file():  # what is written last
            write_person(config, person, people)
        if one := judge(people, person.subject, output / "marks" / f"{person.subject}.tsv"):
            seen.append(one)
            features(people, [one], output / "cache")
    scans, shots = features(people, seen, output / "cache")
    print(f"faces: {sum(one.acquired for one in scans.values())} of {len(scans)} scans")
    for kind, images in shots.items():
        print(f"faces: {sum(one.acquired for one in images.values())} of {len(images)} {kind}")
    everybody = [one.subject for one in seen]
    passed, failed = ([one.subject for one in seen if bool(one.mark) == bad] for bad in (False, True))
    print(table(scans, shots, {"all": everybody, "passed": passed, "marked": failed}), flush=True)
    for start in range(0, len(seen), COLUMNS * ROWS):
        sheet(seen[start : start + COLUMNS * ROWS]).save(output / f"sheet_{start // COLUMNS // ROWS}.png")
    for one in seen:
        print(f"{one.subject}\t{differing_area(*one.pictures):.2f}\t{one.mark}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
