"""The tutorials, as written: every block marked bash, in order, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = sorted((Path(__file__).parents[2] / "docs" / "tutorials").glob("*.md"))


def blocks(path: Path) -> list[str]:
    return re.findall(r"^```bash\n(.*?)^```$", path.read_text(), re.S | re.M)


def commands(path: Path) -> list[str]:
    """Lines that a person types: continued lines and what is fed to a command are part of it."""
    script = re.sub(r"<<END\n.*?^END$", "", "".join(blocks(path)), flags=re.S | re.M).replace("\\\n", "")
    return [line for line in script.splitlines() if line.strip()]


def test_there_is_one_for_each_role() -> None:
    assert [path.stem for path in TUTORIALS] == ["organizer", "participant", "researcher"]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_role_takes_at_most_ten_commands(path: Path) -> None:
    installed = 1
    assert installed + len(commands(path)) <= 10


@pytest.mark.slow
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_it_runs_as_written(path: Path, tmp_path: Path) -> None:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
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


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_what_it_links_to_is_there(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target
