"""What is built from a clone, or a tree without git, installs one importable name and all of its files."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.helpers.in_ci import needs

ROOT = Path(__file__).parents[1]
pytestmark = [
    pytest.mark.slow,
    needs((ROOT / ".git").exists(), "builds from a clone; this tree has no git"),
]


def call(*words: object, cwd: Path, **environment: str) -> str:
    command = [str(word) for word in words]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone as outsiders have it, without tags."""
    folder = tmp_path_factory.mktemp("clone")
    call("git", "clone", "--quiet", "--no-tags", ROOT, folder, cwd=folder)
    return folder


def wheel(source: Path, output: Path) -> Path:
    call("uv", "build", "--quiet", "--wheel", "--out-dir", output, source, cwd=output.parent)
    (path,) = output.glob("*.whl")
    return path


def members(path: Path) -> set[str]:
    """The files of a wheel, but for its own description."""
    names = zipfile.ZipFile(path).namelist()
    return {name for name in names if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def built(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel(clone, tmp_path_factory.mktemp("built"))


def test_a_wheel_holds_one_name_and_every_file_of_the_kit(clone: Path, built: Path) -> None:
    listed = call(
        "git",
        "ls-files",
        "challenge",
        "baselines",
        "scoring",
        "data_prep",
        "drawing",
        "scans",
        "conf",
        cwd=clone,
    )
    own = {"mriprivacy/__init__.py", "mriprivacy/extras.py", "mriprivacy/py.typed"}
    assert members(built) == own | {f"mriprivacy/{name}" for name in listed.splitlines()}


def test_the_version_counts_commits_and_names_the_last_one(clone: Path, built: Path) -> None:
    commits = call("git", "rev-list", "--count", "HEAD", cwd=clone).strip()
    last = call("git", "rev-parse", "--short=8", "HEAD", cwd=clone).strip()
    assert built.name.startswith(f"mriprivacy-0.2.0.dev{commits}+g{last}")


def test_an_sdist_makes_the_same_wheel(clone: Path, built: Path, tmp_path: Path) -> None:
    call("uv", "build", "--quiet", "--sdist", "--out-dir", tmp_path, clone, cwd=tmp_path)
    (sdist,) = tmp_path.glob("*.tar.gz")
    again = wheel(sdist, tmp_path / "again")
    assert (again.name, members(again)) == (built.name, members(built))


def test_a_tree_without_git_can_be_built(clone: Path, built: Path, tmp_path: Path) -> None:
    call("git", "archive", "--output", tmp_path / "export.tar", "HEAD", cwd=clone)
    export = tmp_path / "export"
    export.mkdir()
    call("tar", "xf", tmp_path / "export.tar", cwd=export)
    without = wheel(export, tmp_path / "built")
    assert without.name.startswith("mriprivacy-0.2.0.dev0-")
    assert members(without) == members(built)


def test_a_wheel_works_where_there_is_no_clone(built: Path, tmp_path: Path) -> None:
    """Installed outside of any clone, beside the libraries that are here."""
    call("uv", "venv", "--quiet", "--python", sys.executable, "venv", cwd=tmp_path)
    bin_folder = tmp_path / "venv" / "bin"
    call(
        "uv", "pip", "install", "--quiet", "--no-deps", "--python", bin_folder / "python", built, cwd=tmp_path
    )
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (site / "libraries.pth").write_text(
        sysconfig.get_path("purelib") + "\n"
    )  # its own .pth files are not read
    ask = (
        "import mriprivacy; from mriprivacy.scoring import eer; print(mriprivacy.__file__, eer([2.0], [1.0]))"
    )
    there = call(bin_folder / "python", "-c", ask, cwd=tmp_path).split()
    assert there == [str(site / "mriprivacy" / "__init__.py"), "0.0"]
    for name in ("challenge", "baselines", "scoring", "data_prep", "drawing", "scans", "conf"):
        with pytest.raises(subprocess.CalledProcessError):
            call(bin_folder / "python", "-c", f"import {name}", cwd=tmp_path)
    assert "demo" in call(bin_folder / "mriprivacy", "--help", cwd=tmp_path)
    assert "subjects" in call(bin_folder / "mriprivacy", "demo", "--help", cwd=tmp_path)  # from conf/
    version = call(bin_folder / "mriprivacy", "--version", cwd=tmp_path)
    assert version.startswith(built.name.split("-")[1] + ", code ")
