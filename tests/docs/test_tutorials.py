"""The tutorials, as written: every block marked bash, in order, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
WORDS = {7: "Seven", 8: "Eight", 9: "Nine", 10: "Ten"}
INSTALL = "uv sync && source .venv/bin/activate\n"
# What a role is there for, and has at the end.
MADE = {
    "organizer": "board/site/index.html",
    "participant": "mine.zip",
    "researcher": "entries/*/*.json",
}


def blocks(path: Path) -> list[str]:
    return re.findall(r"^```bash\n(.*?)^```$", path.read_text(), re.S | re.M)


def commands(path: Path) -> list[str]:
    """Lines that a person types: continued lines and what is fed to a command are part of it.

    The two of the block that installs are among them, though no test can clone what it is in.
    """
    (install,) = re.findall(r"^## Install\n.*?^```\n(.*?)^```$", path.read_text(), re.S | re.M)
    assert install.startswith("git clone ")
    assert install.endswith(INSTALL)
    script = re.sub(r"<<END\n.*?^END$", "", install + "".join(blocks(path)), flags=re.S | re.M)
    return [line for line in script.replace("\\\n", "").splitlines() if line.strip()]


def test_there_is_one_for_each_role() -> None:
    assert [path.stem for path in TUTORIALS] == ["organizer", "participant", "researcher"]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_role_takes_at_most_ten_commands(path: Path) -> None:
    count = len(commands(path))
    assert count <= 10
    assert f"\n{WORDS[count]} commands" in path.read_text()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of one user who goes through all three: the people are the same."""
    return tmp_path_factory.mktemp("cache")


@pytest.mark.slow
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_it_runs_as_written(path: Path, cache: Path, tmp_path: Path) -> None:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(cache),
    }
    folder = tmp_path / "work"
    folder.mkdir()
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "".join(blocks(path))],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((folder / "entries").glob("*/*.json"))
    assert list(folder.glob(MADE[path.stem]))
