import hashlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.attacks.face_network import (
    DEMOGRAPHY_FILES,
    LEFT_OUT,
    WEIGHT_FILES,
    _deepface,
    embed,
    guess_demographics,
    load_model,
    weights_sha256,
)
from mriprivacy.baselines.attacks.registry import make_attack
from mriprivacy.baselines.face.appearance import Look
from mriprivacy.baselines.face.landmarks import Face
from mriprivacy.baselines.face.weights import WeightsError
from mriprivacy.challenge.edition.protocol import Protocol, protocol_problems
from tests.helpers.tiny_onnx import colour_network


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "127.0.0.1:9")  # nothing listens there: no test reaches the network
    return tmp_path


def test_unknown_networks_are_named_with_the_known_ones() -> None:
    with pytest.raises(WeightsError, match="VGG-Face"):
        load_model("FaceNetwork9000")


def test_what_deepface_has_besides_is_told_why_it_is_left_out() -> None:
    """A network that a later deepface brings is met here, and not by somebody who reads its list."""
    _deepface()
    from deepface.modules.modeling import AVAILABLE_MODELS

    assert {*WEIGHT_FILES, *LEFT_OUT} == set(AVAILABLE_MODELS["facial_recognition"])
    for model in LEFT_OUT:
        with pytest.raises(WeightsError, match="takes the package insightface"):
            load_model(model)
        (problem,) = protocol_problems(Protocol(model=model))
        assert "takes the package insightface" in problem


def test_missing_weights_end_with_the_file_and_its_folder(empty_home: Path) -> None:
    with pytest.raises(WeightsError) as error:
        load_model("ArcFace")
    assert "arcface_weights.onnx" in str(error.value)
    assert str(empty_home / ".deepface" / "weights") in str(error.value)
    assert "\n" not in str(error.value)


def test_broken_weights_are_told_from_missing_ones(empty_home: Path) -> None:
    path = empty_home / ".deepface" / "weights" / WEIGHT_FILES["SFace"]
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a network")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        load_model("SFace")


def test_the_file_names_are_those_deepface_asks_for() -> None:
    spec = importlib.util.find_spec("deepface")
    assert spec is not None
    assert spec.origin is not None
    models = Path(spec.origin).parent / "models"
    folders = ("facial_recognition/onnx", "facial_recognition/dlib", "demography/onnx")
    sources = "".join(p.read_text() for folder in folders for p in (models / folder).glob("*.py"))
    names = [*WEIGHT_FILES.values(), *DEMOGRAPHY_FILES.values()]
    assert all(f'"{name}"' in sources or f"/{name}" in sources for name in names)


def test_embeddings_of_one_chip_do_not_depend_on_the_others() -> None:
    chips = np.random.default_rng(0).integers(0, 255, (3, 150, 150, 3), dtype=np.uint8)
    together = embed(list(chips))
    assert together.shape == (3, 128)
    assert np.allclose(together[1], embed([chips[1]])[0], atol=1e-6)
    assert len(weights_sha256("Dlib")) == 64


def test_colours_are_not_swapped() -> None:
    """deepface takes BGR; a red and a blue picture must reach the network as they are."""
    import dlib

    chip = np.zeros((150, 150, 3), np.uint8)
    chip[..., 0] = 200
    expected = dlib.face_recognition_model_v1(str(load_model("Dlib"))).compute_face_descriptor(chip)
    assert np.allclose(embed([chip])[0], np.array(expected), atol=1e-6)


WIDTHS = {
    "VGG-Face": 4096,
    "Facenet": 128,
    "Facenet512": 512,
    "OpenFace": 128,
    "DeepFace": 4096,
    "DeepID": 160,
    "ArcFace": 512,
    "SFace": 128,
    "GhostFaceNet": 512,
}


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Let neither deepface nor the kit remember a network after the test."""
    from deepface.modules import modeling

    weights_sha256.cache_clear()
    known = getattr(modeling, "cached_models", {})
    before = {task: dict(models) for task, models in known.items()}
    yield
    known.clear()
    known.update(before)
    weights_sha256.cache_clear()


@pytest.mark.parametrize("model", [name for name in WEIGHT_FILES if name != "Dlib"])
def test_a_network_whose_file_is_there_runs_through_deepface(
    model: str, empty_home: Path, forgotten: None
) -> None:
    """A file of the right name and width is all it takes; the embedding is what the file computes."""
    path = empty_home / ".deepface" / "weights" / WEIGHT_FILES[model]
    path.parent.mkdir(parents=True)
    matrix = np.random.default_rng(0).normal(size=(3, WIDTHS[model]))
    path.write_bytes(colour_network(matrix, channels_first=model == "SFace"))
    assert load_model(model) == path
    assert weights_sha256(model) == hashlib.sha256(path.read_bytes()).hexdigest()
    chip = np.zeros((150, 150, 3), np.uint8)
    chip[...] = (250, 120, 10)
    (embedding,) = embed([chip], model)
    assert embedding.shape == (WIDTHS[model],)
    colour = [250, 120, 10] if model == "SFace" else [10, 120, 250]  # most see blue, green, red
    expected = np.array(colour) @ matrix
    assert np.corrcoef(embedding, expected)[0, 1] > 0.999


def test_a_network_keeps_to_one_thread(
    empty_home: Path, forgotten: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2
    import onnxruntime

    sessions = []
    make = onnxruntime.InferenceSession
    monkeypatch.setattr(
        onnxruntime, "InferenceSession", lambda *a, **b: sessions.append(make(*a, **b)) or sessions[-1]
    )
    path = empty_home / ".deepface" / "weights" / WEIGHT_FILES["Facenet"]
    path.parent.mkdir(parents=True)
    path.write_bytes(colour_network(np.ones((3, WIDTHS["Facenet"]))))
    load_model("Facenet")
    (session,) = sessions
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert cv2.getNumThreads() == 1


def test_loading_a_network_does_not_silence_warnings() -> None:
    """A small sample is warned of, whether or not a network was loaded in this process before."""
    script = (
        "import warnings; from mriprivacy.baselines.attacks.face_network import load_model;"
        "load_model('Dlib'); assert ('ignore', None, Warning, None, 0) not in warnings.filters"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_age_sex_and_race_are_what_the_three_files_say(empty_home: Path, forgotten: None) -> None:
    """Networks that see one colour each: probabilities are colours, the apparent age is the mean of ages."""
    folder = empty_home / ".deepface" / "weights"
    with pytest.raises(WeightsError, match=r"age_model_weights\.onnx.*another attack"):
        guess_demographics([np.zeros((150, 150, 3), np.uint8)])
    folder.mkdir(parents=True, exist_ok=True)
    age = np.zeros((3, 101))
    age[2, 40] = 1.0  # a red face is forty, a darker one younger
    race = np.array([[1.0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]])
    matrices = {"Age": age, "Gender": np.array([[0.0, 1], [0, 0], [1, 0]]), "Race": race}
    for model, name in DEMOGRAPHY_FILES.items():
        (folder / name).write_bytes(colour_network(matrices[model]))
    red, blue = (np.zeros((150, 150, 3), np.uint8) for _ in range(2))
    red[..., 0], blue[..., 2] = 255, 204
    assert guess_demographics([red, blue]) == pytest.approx(
        np.array([[0.4, 1, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0.8, 1, 0, 0, 0, 0, 0]]), abs=1e-3
    )
    attack = make_attack("demographics")
    faces = tuple(Face(np.zeros((68, 2)), chip, 1.0, 1) for chip in (red, blue))
    seen = attack.embed(Look("scan", faces, lambda: pytest.fail("looks at faces only")))
    assert seen == pytest.approx([0.2, 0.5, 0.4, 0.5, 0, 0.5, 0, 0, 0], abs=1e-3)
    assert attack.embed(Look("scan", (), lambda: pytest.fail("no"))) is None
    assert len(attack.settings.split()) == 3
