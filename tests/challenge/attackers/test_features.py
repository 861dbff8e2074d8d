import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.alignment.presence import CANNOT_TELL, Presence
from mriprivacy.baselines.attacks import face_network as network
from mriprivacy.baselines.attacks import registry as attacks
from mriprivacy.baselines.attacks.networks import DEFAULT_NETWORKS, on_networks
from mriprivacy.baselines.attacks.outline import outline_features
from mriprivacy.baselines.face.appearance import Appearance, Look, appearance_of_photo
from mriprivacy.baselines.face.nose_check import FLAT_NOSE_MM, LARGEST_NOSE_MM
from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.weights import WeightsError
from mriprivacy.challenge.attackers.features import (
    Extraction,
    ImageFeatures,
    VectorError,
    extract,
    write_renders,
)
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.protocol import Rendering
from mriprivacy.scoring.errors import UserError
from tests.helpers.engine import ENGINE

pytestmark = pytest.mark.long


def test_features_are_kept_by_content_not_by_name(portraits, tmp_path: Path) -> None:
    extraction = Extraction(cache=tmp_path / "cache")
    first = extract({"a": portraits["biden"]}, "photo", extraction, "photos", ENGINE)["a"]
    shutil.copy(portraits["biden"], tmp_path / "other.jpg")
    shutil.copy(portraits["obama"], tmp_path / "biden.jpg")
    again = extract({"b": tmp_path / "other.jpg"}, "photo", extraction, "photos", ENGINE)["b"]
    assert len(list((tmp_path / "cache").iterdir())) == 3  # the faces, and their features by each attack
    other = extract({"a": tmp_path / "biden.jpg"}, "photo", extraction, "photos", ENGINE)["a"]
    assert len(list((tmp_path / "cache").iterdir())) == 6
    for attack in ("geo", "deepface"):
        assert (first.vectors[attack] == again.vectors[attack]).all()
        assert not np.allclose(first.vectors[attack], other.vectors[attack])


def test_a_failure_to_acquire_is_kept_too(tmp_path: Path) -> None:
    Image.new("RGB", (200, 200), "gray").save(tmp_path / "wall.png")
    extraction = Extraction(cache=tmp_path / "cache")
    for _ in range(2):
        wall = extract({"wall": tmp_path / "wall.png"}, "photo", extraction, "photos", ENGINE)["wall"]
        assert not wall.acquired
        assert wall.reason == "no face found"
        assert wall.vectors == {}


@pytest.mark.parametrize(
    ("nose_mm", "reason"),
    [
        (FLAT_NOSE_MM - 1, "a face was seen, but no nose stands out (6 mm)"),
        (
            LARGEST_NOSE_MM + 1,
            "a face was seen, but no nose stands out that far (61 mm): its eyes lie behind it",
        ),
        (np.nan, "a face was seen, but its eyes or its nose lie beside the head in every view"),
    ],
)
def test_a_detector_that_fires_where_no_nose_can_be_is_a_failure_to_acquire(
    nose_mm: float, reason: str, portraits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The landmarks are those of a face, the surface under them is none."""
    none = seen_with_nose(nose_mm, portraits["biden"], monkeypatch)
    assert (none.acquired, none.reason) == (False, reason)
    assert none.without_nose == (nose_mm < FLAT_NOSE_MM)
    assert set(none.vectors) == {"geo", "deepface"}
    assert none.as_acquired().vectors == {}


@pytest.mark.parametrize("nose_mm", [FLAT_NOSE_MM, LARGEST_NOSE_MM])
def test_a_face_with_a_nose_is_acquired(nose_mm: float, portraits, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = seen_with_nose(nose_mm, portraits["biden"], monkeypatch)
    assert (whole.acquired, whole.reason, whole.without_nose) == (True, "", False)
    assert set(whole.as_acquired().vectors) == {"geo", "deepface"}


def test_every_network_sees_every_photograph_once(portraits, monkeypatch: pytest.MonkeyPatch) -> None:
    """`volume` takes of photographs what `geo` and `deepface` take."""
    seen: list[tuple[str, int]] = []

    def counted(faces, name: str) -> np.ndarray:
        seen.append((name, len(faces)))
        return network.embed(faces, name)

    monkeypatch.setattr(attacks, "embed", counted)
    paths = {name: portraits[name] for name in ("obama", "obama2", "biden")}
    every = Extraction(on_networks(["geo", "deepface", "volume"], DEFAULT_NETWORKS))
    found = extract(paths, "photo", every, "photos", Compute("sequential"))
    assert seen == [("Dlib", 1), ("SFace", 1)] * 3
    *of_faces, volume = every.attacks
    alone = extract(paths, "photo", Extraction((volume,)), "photos", Compute("sequential"))
    for name, image in found.items():
        every_one = np.concatenate([image.vectors[attack] for attack in of_faces])
        assert np.array_equal(image.vectors[volume], every_one)
        assert np.array_equal(image.vectors[volume], alone[name].vectors[volume])
    for attack in of_faces:
        assert not np.array_equal(found["obama"].vectors[attack], found["biden"].vectors[attack])


def test_whoever_changes_what_an_attack_returned_changes_no_other_s_features(portraits) -> None:
    look = Look("photo", appearance_of_photo(read_photo(portraits["biden"])).found, nothing)
    attack = attacks.make_attack("deepface")
    first = attack.embed(look)
    assert first is not None
    before = first.copy()
    first /= 2
    assert np.array_equal(attack.embed(look), before)


def nothing() -> Scan:
    raise AssertionError("a photograph has no volume")


def test_the_outline_of_a_scan_without_a_nose_is_taken_once(
    real_head_path: Path, portraits, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = appearance_of_photo(read_photo(portraits["biden"])).found
    monkeypatch.setattr(
        "mriprivacy.challenge.attackers.features._faces",
        lambda *_: (found, "", {"views_with_face": 1.0, "nose_mm": FLAT_NOSE_MM - 1}),
    )
    seen: list[Scan] = []

    def counted(scan: Scan) -> np.ndarray | None:
        seen.append(scan)
        return outline_features(scan)

    monkeypatch.setattr(attacks, "outline_features", counted)
    flat = extract({"a": real_head_path}, "scan", Extraction(("volume",)), "scans", Compute("sequential"))[
        "a"
    ]
    assert len(seen) == 1
    assert np.array_equal(flat.vectors["volume"], flat.faceless["volume"])


def seen_with_nose(nose_mm: float, path: Path, monkeypatch: pytest.MonkeyPatch) -> ImageFeatures:
    """Take a photograph's features as if it were a scan with such a nose."""
    found = appearance_of_photo(read_photo(path)).found
    checks = {"views_with_face": 1.0, "nose_mm": nose_mm}
    monkeypatch.setattr("mriprivacy.challenge.attackers.features._faces", lambda *_: (found, "", checks))
    return extract({"a": path}, "photo", Extraction(), "photos", Compute("sequential"))["a"]


def test_every_broken_image_is_told_at_once(tmp_path: Path) -> None:
    paths = {name: tmp_path / f"{name}.nii.gz" for name in ("a", "b")}
    with pytest.raises(UserError) as error:
        extract(paths, "scan", Extraction(attacks=("geo",)), "scans", ENGINE)
    assert len(error.value.problems) == 2


def test_missing_weights_are_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="unknown face network"):
        extract({"a": tmp_path / "nowhere.png"}, "photo", Extraction(("deepface(Oracle)",)), "photos", ENGINE)


def test_what_is_kept_is_what_would_be_made(portraits, tmp_path: Path) -> None:
    """A second attack reads the faces that the first one left, and gets the same features as without them."""
    paths = {"a": portraits["obama2"]}
    fresh = extract(paths, "photo", Extraction(), "photos", ENGINE)["a"]
    extract(paths, "photo", Extraction(attacks=("geo",), cache=tmp_path), "photos", ENGINE)
    kept = extract(paths, "photo", Extraction(attacks=("deepface",), cache=tmp_path), "photos", ENGINE)["a"]
    assert np.array_equal(fresh.vectors["deepface"], kept.vectors["deepface"])


def test_a_kept_file_that_was_cut_off_is_named(portraits, tmp_path: Path) -> None:
    """As a power cut may leave it; the rest is kept, and the run is taken up when it is gone."""
    paths = {"a": portraits["obama2"]}
    extraction = Extraction(attacks=("geo",), cache=tmp_path)
    first = extract(paths, "photo", extraction, "photos", ENGINE)["a"]
    for kept in sorted(tmp_path.iterdir()):
        whole = kept.read_bytes()
        for size in (0, 10, len(whole) // 2):
            kept.write_bytes(whole[:size])
            with pytest.raises(UserError, match="was kept from an earlier run and cannot be read"):
                extract(paths, "photo", extraction, "photos", ENGINE)
        kept.unlink()
        again = extract(paths, "photo", extraction, "photos", ENGINE)["a"]
        assert np.array_equal(first.vectors["geo"], again.vectors["geo"])


def test_a_stranger_s_scan_that_takes_too_long_is_lost_and_not_kept(
    real_head_path: Path, tmp_path: Path
) -> None:
    extraction = Extraction(attacks=("geo",), cache=tmp_path)
    hurried = Compute("loky", 1, seconds=0.05)
    found = extract({"a": real_head_path}, "scan", extraction, "scans", hurried, untrusted=True)["a"]
    assert (found.acquired, found.lost) == (False, True)
    assert found.reason == "could not be worked on within 0.05 s"
    assert list(tmp_path.iterdir()) == []


SAID = {
    "good": [1.0, 2],
    "nan": [0.0, np.nan],
    "table": [[1.0, 2.0]],
    "ragged": [[1.0], [2.0, 3.0]],
    "number": 1.0,
    "words": ["a", "b"],
    "nothing": [],
    "longer": [1.0, 2.0, 3.0],
}


class Odd:
    """Says what the file is named after, a face or none."""

    comparable, settings = True, ""

    def embed(self, look: Look) -> object:
        return SAID[look.scan.args[0].stem]  # type: ignore[attr-defined]


ODD = "tests.challenge.attackers.test_features:Odd"


def walls(folder: Path, *names: str) -> dict[str, Path]:
    for name in names:  # of different grey, for features are kept by content
        Image.new("L", (60, 60), 100 + len(name)).save(folder / f"{name}.png")
    return {name: folder / f"{name}.png" for name in names}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("nan", "returned nan at place 1 \\(1 of 2 are not finite\\)"),
        ("table", "returned float64 of shape \\(1, 2\\)"),
        ("ragged", "returned no array"),
        ("number", "returned float64 of shape \\(\\)"),
        ("words", "returned <U1 of shape \\(2,\\)"),
        ("nothing", "returned float64 of shape \\(0,\\)"),
    ],
)
def test_an_attack_that_returns_no_numbers_in_a_row_is_told(tmp_path: Path, name: str, found: str) -> None:
    paths, compute = walls(tmp_path, "good", name), Compute("sequential")
    extraction = Extraction((ODD,), cache=tmp_path / "cache")
    for _ in range(2):  # it is not kept
        line = rf"attack {ODD}: .*test_features.py:\d+: .*{name}.png: embed {found}.*; expected finite num"
        with pytest.raises(UserError, match=line):
            extract(paths, "photo", extraction, "photos", compute)
    good = extract(walls(tmp_path, "good"), "photo", extraction, "photos", compute)["good"].vectors[ODD]
    assert good.dtype == np.float64


@pytest.mark.parametrize("untrusted", [False, True])
def test_features_of_different_lengths_are_told_before_they_are_compared(
    tmp_path: Path, untrusted: bool
) -> None:
    paths, extraction = walls(tmp_path, "good", "longer"), Extraction((ODD,))
    with pytest.raises(VectorError, match=r"Odd: .* are 2 \(.*good.png\), 3 \(.*longer.png\); expected as"):
        extract(paths, "photo", extraction, "photos", Compute("sequential"), untrusted)


def test_a_stranger_s_image_that_an_attack_says_no_numbers_of_is_lost_alone(tmp_path: Path) -> None:
    paths, extraction = walls(tmp_path, "good", "nan"), Extraction((ODD,))
    found = extract(paths, "photo", extraction, "photos", Compute("loky", 1, seconds=60), untrusted=True)
    assert (found["good"].lost, found["nan"].lost) == (False, True)
    assert found["nan"].reason == "could not be worked on (VectorError)"


def egg(folder: Path) -> Path:
    """Write a head without a face."""
    x, y, z = np.mgrid[-60:60, -60:60, -60:60]
    inside = (x / 40) ** 2 + (y / 45) ** 2 + (z / 55) ** 2 < 1
    affine = np.array([[2.0, 0, 0, -120], [0, 2, 0, -120], [0, 0, 2, -120], [0, 0, 0, 1]])
    nib.save(nib.Nifti1Image((100 * inside).astype(np.int16), affine), folder / "egg.nii.gz")
    return folder / "egg.nii.gz"


def test_where_a_head_lies_is_not_looked_for_where_it_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Scan] = []

    def seen(scan: Scan, cache: Path) -> Presence:
        asked.append(scan)
        return Presence(CANNOT_TELL, reason="an egg")

    monkeypatch.setattr("mriprivacy.challenge.attackers.features.presence", seen)
    extraction = Extraction(("geo",), Rendering(spacing_mm=2.0), tmp_path / "cache")
    paths = {"a": egg(tmp_path)}

    def taken(heads: dict[str, np.ndarray]) -> ImageFeatures:
        return extract(paths, "scan", extraction, "scans", Compute("sequential"), heads=heads)["a"]

    lost = taken({})
    assert len(asked) == 1
    assert (lost.acquired, lost.vectors, lost.checks["views_placed"]) == (False, {}, 0)
    upright, nodding = np.eye(4), np.eye(4)
    nodding[1:3, 1:3] = [[0.9, -0.436], [0.436, 0.9]]
    found, other = taken({"a": upright}), taken({"a": nodding})
    assert len(asked) == 1
    assert not found.acquired  # no detector fired; what is there is an attacker's all the same
    assert found.checks["views_placed"] == 5
    assert not np.array_equal(
        found.vectors["geo"], other.vectors["geo"]
    )  # nor are they mixed up in the cache
    assert np.array_equal(taken({"a": upright}).vectors["geo"], found.vectors["geo"])


def test_pictures_of_a_scan_are_numbered_from_one(tmp_path: Path) -> None:
    pictures = tuple(np.full((4, 5, 3), grey, np.uint8) for grey in (10, 200))
    write_renders(Appearance(pictures, (None, None)), "probe", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["probe_01.png", "probe_02.png"]
    for number, picture in enumerate(pictures, 1):
        with Image.open(tmp_path / f"probe_0{number}.png") as there:
            assert np.array_equal(np.asarray(there), picture)
