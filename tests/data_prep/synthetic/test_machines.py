"""The same people on every processor, and on the one that made the digest below."""

import hashlib
from pathlib import Path

import pytest

from tests.helpers.machines import made

pytestmark = pytest.mark.long

PEOPLE = 2
# Of the decoded files of two people; a change of how people are made changes it, and no machine may.
DIGEST = "b8ee3255bf44fc92f12c5938e57bccb50831c983cb7b2fdc7a0b2868d23159ce"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return made("this", "cohort", tmp_path_factory.mktemp("machines") / "this", PEOPLE)


@pytest.mark.parametrize("machine", ["blas_prescott", "numpy_sse", "old"])
def test_people_are_the_same_on_every_processor(machine: str, here: dict[str, str], tmp_path: Path) -> None:
    assert made(machine, "cohort", tmp_path / machine, PEOPLE) == here


def test_people_are_those_that_everybody_gets(here: dict[str, str]) -> None:
    named = {
        path: digest
        for path, digest in here.items()
        if path.endswith((".nii.gz", ".png", "participants.tsv"))
    }
    assert len(named) > 10
    assert hashlib.sha256(repr(sorted(named.items())).encode()).hexdigest() == DIGEST
