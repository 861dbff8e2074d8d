"""Every network sees faces as it was trained to, with the weights it says; two of them are run here."""

import hashlib
import importlib.util
from dataclasses import replace
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.attacks.face_network import embed, embed_crop, weights_path, weights_sha256
from mriprivacy.baselines.attacks.networks import DEFAULT_NETWORKS, NETWORKS, on_networks, split_name
from mriprivacy.baselines.attacks.registry import AttackError, make_attack
from mriprivacy.baselines.face import weights as weights_module
from mriprivacy.baselines.face.appearance import Look
from mriprivacy.baselines.face.landmarks import Face, find_face
from mriprivacy.baselines.face.recognition.crops import CHIP_PADDING, five_points
from mriprivacy.baselines.face.weights import DLIB_LANDMARKS, SFACE, WeightsError, packaged

# Sums of an embedding with random signs. Other instruction sets of the CPU change them by 1e-6.
GOLDEN = {
    "Dlib": [-1.6101, 0.53643, -1.26724, 0.93377, 2.67122, -1.93683, -1.46325, -0.44208],
    "SFace": [0.17701, -0.46862, 0.441, 1.09001, 1.5428, 0.34918, 0.48204, -1.15957],
}
TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def face() -> Face:
    """A synthetic head, drawn by the kit; the picture stays as it is when synthetic people change."""
    picture = np.asarray(Image.open(Path(__file__).with_name("synthetic_face.png")))
    found = find_face(picture, upsample=0)
    assert found is not None
    return found


@pytest.mark.parametrize("name", GOLDEN)
def test_the_embedding_of_a_synthetic_face_is_what_it_was(name: str, face: Face) -> None:
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (8, NETWORKS[name].dimensions))
    (embedding,) = embed([face], name)
    assert signs @ embedding == pytest.approx(GOLDEN[name], abs=TOLERANCE)


@pytest.mark.parametrize("name", DEFAULT_NETWORKS)
def test_embeddings_of_one_face_do_not_depend_on_the_others(name: str, face: Face) -> None:
    mirrored = replace(face, picture=np.ascontiguousarray(face.picture[:, ::-1]))
    together = embed([mirrored, face], name)
    assert together.shape == (2, NETWORKS[name].dimensions)
    assert np.allclose(together[1], embed([face], name)[0], atol=1e-6)
    lengths = np.linalg.norm(together, axis=1)
    assert np.allclose(lengths, 1) == (NETWORKS[name].distance == "cosine")


def test_dlib_cuts_and_embeds_as_dlib_does(face: Face) -> None:
    """The oracle is dlib itself, from the picture on."""
    predictor = dlib.shape_predictor(str(packaged(DLIB_LANDMARKS)))
    shape = predictor(face.picture, dlib.rectangle(*face.box))
    chip = dlib.get_face_chip(face.picture, shape, size=150, padding=CHIP_PADDING)
    assert np.array_equal(NETWORKS["Dlib"].crop(face, (150, 150)), chip)
    network = dlib.face_recognition_model_v1(str(weights_path("Dlib")))
    assert np.allclose(embed([face], "Dlib")[0], np.array(network.compute_face_descriptor(chip)), atol=1e-6)


def test_sface_cuts_and_embeds_as_opencv_does(face: Face) -> None:
    """The oracle is OpenCV, which takes a box, five points and a confidence in a row."""
    recognizer = cv2.FaceRecognizerSF.create(str(packaged(SFACE)), "")
    left, top, right, bottom = face.box
    points = five_points(face.landmarks).ravel()
    row = np.array([left, top, right - left, bottom - top, *points, 1], np.float32)
    bgr = np.ascontiguousarray(face.picture[..., ::-1])
    theirs = recognizer.alignCrop(bgr, row)
    ours = NETWORKS["SFace"].crop(face, (112, 112))
    assert np.abs(ours[..., ::-1].astype(int) - theirs).mean() < 0.1
    expected = recognizer.feature(theirs).ravel()
    (embedding,) = embed([face], "SFace")
    assert embedding @ expected / np.linalg.norm(expected) > 0.9999


@pytest.mark.parametrize("name", DEFAULT_NETWORKS)
def test_red_is_not_blue(name: str) -> None:
    network = NETWORKS[name]
    red = np.zeros((*network.size, 3), np.uint8)
    red[..., 0] = 200
    path = str(weights_path(name))
    if name == "Dlib":
        expected = np.array(dlib.face_recognition_model_v1(path).compute_face_descriptor(red))
    else:
        expected = cv2.FaceRecognizerSF.create(path, "").feature(red[..., ::-1].copy()).ravel()
    assert np.allclose(embed_crop(red, network), expected, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gets_a_crop_of_its_own_size_with_the_eyes_level(name: str, face: Face) -> None:
    network, (rows, columns) = NETWORKS[name], face.picture.shape[:2]
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), 15.0, 1.0)
    tilted = find_face(cv2.warpAffine(face.picture, turn, (columns, rows)), upsample=0)
    assert tilted is not None
    assert abs(tilt(tilted.landmarks)) > 10
    for seen in (face, tilted):
        crop = network.crop(seen, network.size)
        assert (crop.shape, crop.dtype) == ((*network.size, 3), np.uint8)
        predictor = dlib.shape_predictor(str(packaged(DLIB_LANDMARKS)))
        parts = predictor(crop, dlib.rectangle(0, 0, *network.size[::-1])).parts()
        assert abs(tilt(np.array([(part.x, part.y) for part in parts]))) < 5


def tilt(landmarks: np.ndarray) -> float:
    """Return by how many degrees the line between the eyes is tilted."""
    right, left = five_points(landmarks)[:2]
    return float(np.degrees(np.arctan2(*(left - right)[::-1])))


def test_sizes_are_those_that_deepface_states() -> None:
    spec = importlib.util.find_spec("deepface")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "models" / "facial_recognition" / "onnx"
    sources = {path.stem: path.read_text() for path in folder.glob("*.py")}
    files = {"VGG-Face": "VGGFace", "Facenet512": "Facenet", "DeepFace": "FbDeepFace"}
    for name, network in NETWORKS.items():
        if network.library == "deepface":
            rows, columns = network.size
            assert f"self.input_shape = ({columns}, {rows})" in sources[files.get(name, name)], name
            assert f"self.output_shape = {network.dimensions}" in sources[files.get(name, name)], name


def test_signatures_carry_the_weights_of_the_files(face: Face) -> None:
    for name in DEFAULT_NETWORKS:
        digest = hashlib.sha256(weights_path(name).read_bytes()).hexdigest()
        assert weights_sha256(name) == digest == NETWORKS[name].weights.sha256
        assert make_attack(f"deepface({name})").settings == f"{name} {digest}"
        look = Look("photo", (face,), lambda: pytest.fail("no volume"))
        embedded = make_attack(f"deepface({name})").embed(look)
        assert embedded == pytest.approx(embed([face], name)[0])


def test_attacks_on_networks_are_named_and_parsed() -> None:
    names = on_networks(["volume", "geo", "deepface", "mine:Attack"], ["Dlib", "VGG-Face"])
    assert [split_name(name) for name in names] == [
        ("volume", ("Dlib", "VGG-Face")),
        ("geo", ()),
        ("deepface", ("Dlib",)),
        ("deepface", ("VGG-Face",)),
        ("mine:Attack", ()),
    ]
    with pytest.raises(AttackError, match="unknown attack 'geo\\(Dlib\\)'"):
        make_attack("geo(Dlib)")
    with pytest.raises(AttackError, match="unknown attack"):
        make_attack("deepface(Dlib,SFace)")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of weights of our own, `faceweights`, with a file that is none."""
    folder = tmp_path / "faceweights"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "face.onnx").write_bytes(b"not a network")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_missing_and_other_weights_are_one_plain_line_each(package: Path) -> None:
    own = replace(SFACE, file="face.onnx", package="face-weights", module="faceweights")
    found = hashlib.sha256(b"not a network").hexdigest()
    cases = {
        replace(own, module="nowhere"): "face.onnx: no such weights; install the package face-weights",
        replace(own, file="other.onnx"): f"{package / 'other.onnx'}: no such file; reinstall the package",
        own: f"{package / 'face.onnx'}: its sha256 is {found}; expected {SFACE.sha256}; reinstall",
    }
    for weights, line in cases.items():
        with pytest.raises(WeightsError) as error:
            packaged(weights)
        assert str(error.value).startswith(line)
        assert "\n" not in str(error.value)


def test_no_weights_of_a_package_go_unchecked() -> None:
    every = [value for value in vars(weights_module).values() if isinstance(value, weights_module.Weights)]
    assert len(every) == 4
    for weights in every:
        assert hashlib.sha256(packaged(weights).read_bytes()).hexdigest() == weights.sha256
        assert weights.licence
