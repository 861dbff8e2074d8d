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
    embed,
    guess_demographics,
    load_network,
    weights_sha256,
)
from mriprivacy.baselines.attacks.networks import LEFT_OUT, NETWORKS
from mriprivacy.baselines.attacks.registry import make_attack
from mriprivacy.baselines.face.appearance import Look
from mriprivacy.baselines.face.landmarks import Face
from mriprivacy.baselines.face.recognition.deepface_library import deepface
from mriprivacy.baselines.face.weights import WeightsError
from mriprivacy.challenge.edition.protocol import Protocol, protocol_problems
from tests.helpers.tiny_onnx import colour_network

OF_DEEPFACE = [name for name, network in NETWORKS.items() if network.library == "deepface"]


def plain(*colour: int) -> Face:
    """Return a picture of one colour with a box and two level eyes: every crop of it has that colour."""
    picture, landmarks = np.empty((150, 150, 3), np.uint8), np.full((68, 2), 75.0)
    picture[:], landmarks[36:42], landmarks[42:48] = colour, (50, 60), (100, 60)
    return Face(landmarks, picture, (19, 19, 131, 131), 1.0, 1)


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "127.0.0.1:9")  # nothing listens there: no test reaches the network
    return tmp_path


def test_unknown_networks_are_named_with_the_known_ones() -> None:
    with pytest.raises(WeightsError, match="VGG-Face"):
        load_network("FaceNetwork9000")


def test_what_deepface_has_besides_is_told_why_it_is_left_out() -> None:
    """A network that a later deepface brings is met here, and not by somebody who reads its list."""
    deepface()
    from deepface.modules.modeling import AVAILABLE_MODELS

    assert {*NETWORKS, *LEFT_OUT} == set(AVAILABLE_MODELS["facial_recognition"])
    for name in LEFT_OUT:
        with pytest.raises(WeightsError, match="takes the package insightface"):
            load_network(name)
        (problem,) = protocol_problems(Protocol(networks=["Dlib", name]))
        assert "takes the package insightface" in problem


def test_missing_weights_end_with_the_file_and_its_folder(empty_home: Path) -> None:
    with pytest.raises(WeightsError) as error:
        load_network("ArcFace")
    assert "arcface_weights.onnx" in str(error.value)
    assert str(empty_home / ".deepface" / "weights") in str(error.value)
    assert "\n" not in str(error.value)


def test_broken_weights_are_told_from_missing_ones(empty_home: Path) -> None:
    path = empty_home / ".deepface" / "weights" / NETWORKS["ArcFace"].weights.file
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a network")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        load_network("ArcFace")


def test_the_file_names_are_those_deepface_asks_for() -> None:
    spec = importlib.util.find_spec("deepface")
    assert spec is not None
    assert spec.origin is not None
    models = Path(spec.origin).parent / "models"
    folders = ("facial_recognition/onnx", "demography/onnx")
    sources = "".join(p.read_text() for folder in folders for p in (models / folder).glob("*.py"))
    names = [*(NETWORKS[name].weights.file for name in OF_DEEPFACE), *DEMOGRAPHY_FILES.values()]
    assert all(f'"{name}"' in sources or f"/{name}" in sources for name in names)


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


@pytest.mark.parametrize("name", OF_DEEPFACE)
def test_a_network_whose_file_is_there_runs_through_deepface(
    name: str, empty_home: Path, forgotten: None
) -> None:
    """A file of the right name and width is all it takes; the embedding is what the file computes."""
    network = NETWORKS[name]
    path = empty_home / ".deepface" / "weights" / network.weights.file
    path.parent.mkdir(parents=True)
    matrix = np.random.default_rng(0).normal(size=(3, network.dimensions))
    path.write_bytes(colour_network(matrix))
    assert load_network(name) == path
    assert weights_sha256(name) == hashlib.sha256(path.read_bytes()).hexdigest()
    (embedding,) = embed([plain(250, 120, 10)], name)
    assert embedding.shape == (network.dimensions,)
    expected = np.array([10, 120, 250]) @ matrix  # these see blue, green, red
    assert np.corrcoef(embedding, expected)[0, 1] > 0.999
    if network.distance == "cosine":
        assert np.linalg.norm(embedding) == pytest.approx(1)


def test_the_file_of_another_network_is_told(empty_home: Path, forgotten: None) -> None:
    path = empty_home / ".deepface" / "weights" / NETWORKS["Facenet"].weights.file
    path.parent.mkdir(parents=True)
    path.write_bytes(colour_network(np.ones((3, 7))))
    with pytest.raises(WeightsError) as error:
        embed([plain(1, 2, 3)], "Facenet")
    assert str(error.value) == (
        f"Facenet: {path} is another network: it gives 7 numbers a face; expected 128; "
        "replace it with the file deepface publishes"
    )


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
    path = empty_home / ".deepface" / "weights" / NETWORKS["Facenet"].weights.file
    path.parent.mkdir(parents=True)
    path.write_bytes(colour_network(np.ones((3, 128))))
    load_network("Facenet")
    (session,) = sessions
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert cv2.getNumThreads() == 1


def test_loading_a_network_does_not_silence_warnings() -> None:
    """A small sample is warned of, whether or not a network was loaded in this process before."""
    script = (
        "import warnings; from mriprivacy.baselines.attacks.face_network import load_network;"
        "load_network('Dlib'); assert ('ignore', None, Warning, None, 0) not in warnings.filters"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_age_sex_and_race_are_what_the_three_files_say(empty_home: Path, forgotten: None) -> None:
    """Networks that see one colour each: probabilities are colours, the apparent age is the mean of ages."""
    folder = empty_home / ".deepface" / "weights"
    with pytest.raises(WeightsError, match=r"age_model_weights\.onnx.*another attack"):
        guess_demographics([plain(0, 0, 0)])
    folder.mkdir(parents=True, exist_ok=True)
    age = np.zeros((3, 101))
    age[2, 40] = 1.0  # a red face is forty, a darker one younger
    race = np.array([[1.0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]])
    matrices = {"Age": age, "Gender": np.array([[0.0, 1], [0, 0], [1, 0]]), "Race": race}
    for model, name in DEMOGRAPHY_FILES.items():
        (folder / name).write_bytes(colour_network(matrices[model]))
    red, blue = plain(255, 0, 0), plain(0, 0, 204)
    assert guess_demographics([red, blue]) == pytest.approx(
        np.array([[0.4, 1, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0.8, 1, 0, 0, 0, 0, 0]]), abs=1e-3
    )
    attack = make_attack("demographics")
    seen = attack.embed(Look("scan", (red, blue), lambda: pytest.fail("looks at faces only")))
    assert seen == pytest.approx([0.2, 0.5, 0.4, 0.5, 0, 0.5, 0, 0, 0], abs=1e-3)
    assert attack.embed(Look("scan", (), lambda: pytest.fail("no"))) is None
    assert len(attack.settings.split()) == 3
