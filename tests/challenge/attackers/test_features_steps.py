"""Where a face is looked for and what is kept of it; no image is looked at."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.alignment.presence import CANNOT_TELL, Presence
from mriprivacy.baselines.brain.analysis import BrainAnalysis
from mriprivacy.baselines.face.appearance import Appearance
from mriprivacy.baselines.face.landmarks import Face
from mriprivacy.baselines.face.surface import SurfaceError
from mriprivacy.challenge.attackers import features
from mriprivacy.challenge.attackers.features import Extraction, ImageFeatures, VectorError, extract
from mriprivacy.challenge.compute.parallel import Compute, Lost
from mriprivacy.challenge.edition.protocol import Rendering
from mriprivacy.challenge.evaluation import utility
from mriprivacy.scoring.errors import SetupError, UserError

HERE = Compute("sequential")
HEAD, FIVE = np.diag([1.0, 1, 1.1, 1]), Rendering()


def face(number: int) -> Face:
    marks = np.full((68, 2), float(number))
    picture = np.full((4, 4, 3), number, np.uint8)
    return Face(marks, picture, (number, 1, 2, 3), number / 10, number + 1)


def shown(count: int, reason: str = "", **checks: float) -> Appearance:
    return Appearance((), tuple(map(face, range(count))), reason, {"views_with_face": float(count), **checks})


def looked(
    monkeypatch: pytest.MonkeyPatch,
    as_it_lies: Appearance,
    upright: Appearance,
    known: np.ndarray | None,
    registered: np.ndarray | None = HEAD,
) -> tuple[Appearance, tuple[Face, ...], list[str]]:
    """Look at a scan in five views; returns also what was asked of its head."""
    asked: list[str] = []

    def presence(scan: object, cache: Path) -> Presence:
        assert (scan, cache) == ("scan", Path("cache"))
        asked.append("registered")
        return Presence(CANNOT_TELL, scan_to_head=registered)

    def appearance(surface: str, views: list[object], size: int) -> Appearance:
        assert (len(views), size) == (5, 400)
        return as_it_lies if surface == "surface" else upright

    def turned(surface: str, head: np.ndarray) -> str:
        asked.append("turned")
        return "upright"

    def placed(surface: str, head: np.ndarray, views: list[object], size: int) -> tuple[Face, ...]:
        assert (surface, len(views), size) == ("surface", 5, 400)
        asked.append("placed")
        return (face(9),)

    for name, stub in (
        ("presence", presence), ("appearance_of_surface", appearance), ("upright", turned),
        ("placed_faces", placed), ("read_scan", lambda path: "scan"), ("turn_of", lambda head: 33.0),
        ("reconstruct", lambda scan, spacing: "surface"),
    ):  # fmt: skip
        monkeypatch.setattr(features, name, stub)
    extraction = Extraction(("geo",), FIVE, Path("cache"))
    job = features._FeatureJob("a", Path("a.nii.gz"), "scan", extraction, known)
    return (*features._look(job), asked)


@pytest.mark.parametrize(("count", "again"), [(5, False), (3, False), (2, True), (0, True)])
def test_a_head_is_turned_upright_where_fewer_than_half_of_the_views_show_a_face(
    count: int, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, placed, asked = looked(monkeypatch, shown(count), shown(5), HEAD)
    assert asked == (["turned"] if again else [])
    assert (len(seen.found), placed) == (5 if again else count, ())
    assert seen.checks == {"views_with_face": len(seen.found), **({"turned_degrees": 33.0} if again else {})}


def test_half_of_an_even_number_of_views_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "make_views", lambda views, lights: [1] * 6)
    for name, stub in (
        ("read_scan", lambda path: "scan"), ("reconstruct", lambda *_: "surface"),
        ("appearance_of_surface", lambda *_: shown(3)),
    ):  # fmt: skip
        monkeypatch.setattr(features, name, stub)
    job = features._FeatureJob("a", Path("a.nii.gz"), "scan", Extraction(("geo",)), None)
    seen, placed = features._look(job)
    assert ([one.box for one in seen.found], placed) == ([one.box for one in shown(3).found], ())


@pytest.mark.parametrize(("upright", "taken"), [(1, False), (2, False), (3, True)])
def test_the_look_that_shows_more_faces_is_taken(
    upright: int, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two that show as many the one of the head as it lies."""
    seen, placed, asked = looked(monkeypatch, shown(2), shown(upright), None)
    assert asked == ["registered", "turned"]
    assert (len(seen.found), placed) == (3 if taken else 2, ())
    assert ("turned_degrees" in seen.checks) == taken


def test_where_no_view_shows_a_face_it_is_cut_out_where_it_must_have_been(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen, placed, asked = looked(monkeypatch, shown(0), shown(0), HEAD)
    assert (seen, [one.box for one in placed]) == (shown(0), [face(9).box])
    assert asked == ["turned", "placed"]
    seen, placed, asked = looked(monkeypatch, shown(1), shown(1), None, registered=None)
    assert (len(seen.found), placed, asked) == (1, (), ["registered"])


def test_a_scan_without_a_surface_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise SurfaceError("all air")

    monkeypatch.setattr(features, "read_scan", lambda path: "scan")
    monkeypatch.setattr(features, "reconstruct", none)
    job = features._FeatureJob("a", Path("a.nii.gz"), "scan", Extraction(("geo",)))
    assert features._look(job) == (Appearance((), (), "all air"), ())


@pytest.mark.parametrize(
    ("appearance", "placed", "reason", "counted"),
    [
        (shown(2, nose_mm=31.0), (face(9),), "", None),
        (shown(0), (face(9), face(8)), "no face found", 2.0),
        (shown(0, "all air"), (), "all air", 0.0),
    ],
)
def test_faces_are_kept_with_why_none_was_found(
    appearance: Appearance,
    placed: tuple[Face, ...],
    reason: str,
    counted: float | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    monkeypatch.setattr(features, "_look", lambda job: asked.append(job) or (appearance, placed))
    job = features._FeatureJob("a", Path("a.nii.gz"), "scan", Extraction(("geo",), FIVE, tmp_path))
    for looks in (1, 1):
        faces, why, checks = features._faces(job, "digest")
        assert len(asked) == looks
        assert why == reason
        assert checks == appearance.checks | ({} if counted is None else {"views_placed": counted})
        for one, other in zip(faces, appearance.found or placed, strict=True):
            assert np.array_equal(one.landmarks, other.landmarks)
            assert np.array_equal(one.picture, other.picture)
            assert (one.box, one.confidence, one.count) == (other.box, other.confidence, other.count)
    features._faces(job, "another digest")
    features._faces(replace(job, kind="photo"), "digest")
    features._faces(replace(job, scan_to_head=HEAD), "digest")
    features._faces(replace(job, scan_to_head=2 * HEAD), "digest")
    features._faces(replace(job, extraction=replace(job.extraction, cache=None)), "digest")
    assert len(asked) == 6
    # An attack more asks for the same faces; pictures that were never written have to be made.
    other = replace(job.extraction, attacks=("deepface",))
    features._faces(replace(job, name="b", extraction=other), "digest")
    assert len(asked) == 6
    written = replace(job, extraction=replace(job.extraction, renders=tmp_path / "renders"))
    features._faces(written, "digest")
    features._faces(replace(written, kind="photo"), "digest")  # of a photograph there are no renders
    assert len(asked) == 7


def test_settings_of_a_photograph_are_none_of_the_camera_and_a_head_is_part_of_them() -> None:
    job = features._FeatureJob("a", Path("a"), "photo", Extraction(), HEAD)
    assert job.settings == "photo None"
    scan = replace(job, kind="scan")
    assert scan.settings.endswith(f"}} {HEAD.tolist()}")
    assert "'spacing_mm': 1.0" in scan.settings
    assert replace(scan, scan_to_head=None).settings + f" {HEAD.tolist()}" == scan.settings


def test_pictures_of_a_scan_are_numbered_from_one(tmp_path: Path) -> None:
    pictures = tuple(np.full((3, 4, 3), 10 * i, np.uint8) for i in range(11))
    features.write_renders(Appearance(pictures, ()), "sub-1", tmp_path / "renders")
    names = [f"sub-1_{i:02d}.png" for i in range(1, 12)]
    assert sorted(path.name for path in (tmp_path / "renders").iterdir()) == names
    for i, name in enumerate(names):
        with Image.open(tmp_path / "renders" / name) as picture:
            assert (picture.size, picture.getpixel((0, 0))) == ((4, 3), (10 * i,) * 3)


class Counting:
    """An attack that sees how many faces there are, and of five nothing."""

    comparable, settings = True, "v1"
    asked: list[int] = []  # noqa: RUF012

    def embed(self, look: Any) -> np.ndarray | None:
        self.asked.append(len(look.faces))
        return None if len(look.faces) == 5 else np.array([len(look.faces), 7.0])


COUNTING = "tests.challenge.attackers.test_features_steps:Counting"


def taken(
    monkeypatch: pytest.MonkeyPatch, folder: Path, faces: int, reason: str, **checks: float
) -> ImageFeatures:
    """Take features of an image in which so many faces were found, or placed."""
    path = folder / "image.nii.gz"
    path.write_bytes(b"content")
    found = (tuple(map(face, range(faces))), reason, checks)
    monkeypatch.setattr(features, "_faces", lambda job, image: found)
    extraction = Extraction((COUNTING,), cache=folder / "cache")
    return features._extract_one(features._FeatureJob("a", path, "scan", extraction))


def test_who_is_not_acquired_is_also_seen_without_a_face(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = taken(monkeypatch, tmp_path, 3, "", views_with_face=3.0, nose_mm=31.0)
    assert (good.acquired, good.reason, good.faceless, good.without_nose) == (True, "", {}, False)
    assert good.vectors[COUNTING].tolist() == [3, 7]
    assert good.as_acquired() is good
    flat = taken(monkeypatch, tmp_path, 4, "", views_with_face=4.0, nose_mm=-2.0)
    assert (flat.acquired, flat.without_nose) == (False, True)
    assert "no nose stands out" in flat.reason
    assert (flat.vectors[COUNTING].tolist(), flat.faceless[COUNTING].tolist()) == ([4, 7], [0, 7])
    assert flat.as_acquired().vectors is flat.faceless
    none = taken(monkeypatch, tmp_path, 2, "no face found", views_with_face=0.0, nose_mm=-2.0)
    assert (none.acquired, none.reason, none.without_nose) == (False, "no face found", False)
    assert none.vectors[COUNTING].tolist() == [2, 7]


def test_what_an_attack_sees_nothing_in_has_no_features_and_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Counting.asked.clear()
    for _ in range(2):
        five = taken(monkeypatch, tmp_path, 5, "", views_with_face=5.0, nose_mm=31.0)
        assert (five.acquired, five.vectors) == (True, {})
    assert Counting.asked == [5]
    taken(monkeypatch, tmp_path, 3, "", views_with_face=5.0, nose_mm=31.0)  # other faces of the same image
    assert Counting.asked == [5, 3]


def test_what_is_lost_is_not_acquired_and_heads_are_given_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images from outside are worked on apart from this process; own ones are not."""
    jobs: list[Any] = []
    good = ImageFeatures(True, "", {"geo": np.zeros(2)})

    def found(function: object, own: list[Any], label: str, compute: Compute) -> list[object]:
        jobs.extend(own)
        assert (function, label, compute) == (features._extract_one, "step", HERE)
        return [good, Lost("took too long")]

    monkeypatch.setattr(features, "run_untrusted", found)
    monkeypatch.setattr(features, "run", lambda *given: [good, good])
    paths = {"a": Path("a"), "b": Path("b")}
    extraction = Extraction(("geo",))
    images = extract(paths, "scan", extraction, "step", HERE, untrusted=True, heads={"b": HEAD})
    assert images["a"] is good
    lost = images["b"]
    assert (lost.acquired, lost.reason, lost.vectors, lost.lost) == (False, "took too long", {}, True)
    assert [(job.name, job.path, job.kind, job.extraction) for job in jobs] == [
        (name, path, "scan", extraction) for name, path in paths.items()
    ]
    assert (jobs[0].scan_to_head, jobs[1].scan_to_head is HEAD) == (None, True)
    assert extract(paths, "scan", extraction, "step", HERE) == {"a": good, "b": good}
    assert len(jobs) == 2


def test_one_cause_in_every_image_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[object]:
        raise UserError(*(f"attack x: {path}: embed failed (no luck)" for path in "abc"))

    monkeypatch.setattr(features, "run", broken)
    with pytest.raises(UserError) as caught:
        extract({name: Path(name) for name in "abc"}, "photo", Extraction(("geo",)), "step", HERE)
    assert len(caught.value.problems) == 1


def test_lengths_are_those_of_images_with_features_each_attack_by_itself() -> None:
    def image(**vectors: int) -> ImageFeatures:
        return ImageFeatures(True, "", {name: np.zeros(n) for name, n in vectors.items()})

    paths = {name: Path(name) for name in "abcd"}
    good = [image(geo=2, volume=9), image(geo=2), image(), image(volume=9)]
    features._require_one_length(("geo", "volume"), paths, good)
    odd = [*good[:3], image(geo=3, volume=8)]
    with pytest.raises(VectorError) as caught:
        features._require_one_length(("geo", "volume"), paths, odd)
    first, second = caught.value.problems
    assert "are 2 (a), 3 (d); expected as many of each" in first
    assert "are 9 (a), 8 (d); expected as many of each" in second


@pytest.mark.parametrize("error", [ValueError, EOFError, KeyError])
def test_a_kept_file_that_is_broken_is_to_be_removed(error: type[Exception]) -> None:
    with (
        pytest.raises(SetupError, match=r"^kept: was kept from an earlier run"),
        features.readable(Path("kept")),
    ):
        raise error("cut off")
    with pytest.raises(ZeroDivisionError), features.readable(Path("kept")):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("views", "nose_mm", "why"),
    [(0.0, -9.0, ""), (None, -9.0, ""), (1.0, 31.0, ""), (1.0, -9.0, "no nose stands out")],
)
def test_a_nose_is_asked_for_where_a_face_was_found(views: float | None, nose_mm: float, why: str) -> None:
    seen = {} if views is None else {"views_with_face": views}
    found = features._no_face({"nose_mm": nose_mm, **seen})
    assert why in found
    assert bool(found) == bool(why)


def test_settings_that_are_left_out() -> None:
    usual = Extraction()
    assert (usual.attacks, usual.cache, usual.renders) == (("geo", "deepface"), None, None)
    assert ImageFeatures(True, "", {}).lost is False
    assert vars(usual.camera) == vars(Rendering())


class Evil:
    """A file that runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("ran"),))


def test_nothing_of_a_kept_file_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of features, of faces and of a brain: an array of objects is a file that cannot be read."""
    monkeypatch.chdir(tmp_path)
    objects = np.array([Evil()], dtype=object)
    extraction = Extraction((COUNTING,), cache=tmp_path)
    job = features._FeatureJob("a", tmp_path / "a", "photo", extraction)
    look = features.Look("photo", (face(1),), lambda: None)  # type: ignore[arg-type, return-value]
    features._vector(job, "digest", COUNTING, look)
    (kept,) = tmp_path.glob("vector-*")
    with kept.open("wb") as stream:
        np.save(stream, objects)
    with pytest.raises(SetupError, match="cannot be read; remove it"):
        features._vector(job, "digest", COUNTING, look)
    monkeypatch.setattr(features, "_look", lambda job: (shown(1), ()))
    features._faces(job, "digest")
    (kept,) = tmp_path.glob("faces-*")
    names = ("landmarks", "pictures", "boxes", "confidence", "count", "reason", "check_names", "checks")
    with kept.open("wb") as stream:
        np.savez(stream, **dict.fromkeys(names, objects))
    with pytest.raises(SetupError, match="cannot be read; remove it"):
        features._faces(job, "digest")
    brain = utility._BrainJob(tmp_path / "a", tmp_path / "a", tmp_path, "builtin")
    (tmp_path / "a").write_bytes(b"scan")
    labels = np.zeros((2, 2, 2), np.uint8)
    made = BrainAnalysis(labels, np.ones(3), np.eye(4), np.zeros((1, 3)), {"cnr": 1.0})
    monkeypatch.setattr(utility, "read_scan", lambda path: "scan")
    monkeypatch.setattr(utility, "analyse", lambda *_: made)
    assert utility._kept(brain.original, brain) is made
    again = utility._kept(brain.original, brain)
    assert (again.quality, again.volumes_ml.tolist(), again.labels.shape) == (
        {"cnr": 1},
        [1, 1, 1],
        (2, 2, 2),
    )
    (kept,) = tmp_path.glob("brain-*")
    with kept.open("wb") as stream:
        np.savez(stream, **dict.fromkeys(("names", "quality", "labels"), objects))
    with pytest.raises(SetupError, match="cannot be read; remove it"):
        utility._kept(brain.original, brain)
    assert not (tmp_path / "ran").exists()
