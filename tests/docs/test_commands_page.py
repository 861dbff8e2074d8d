"""docs/reference/commands.md is what `conf/` says; the Dockerfile copies what is there."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mriprivacy.challenge.settings.commands_page import manual
from mriprivacy.challenge.settings.compose import compose_raw
from mriprivacy.challenge.settings.help_pages import every_page, kept_page
from mriprivacy.challenge.settings.runner import COMMANDS
from tests.helpers.stock_image import empty_python

ROOT = Path(__file__).parents[2]


def test_the_reference_is_up_to_date() -> None:
    committed = (ROOT / "docs" / "reference" / "commands.md").read_text()
    assert committed == manual(), (
        "run: python -m mriprivacy.challenge.settings.commands_page > docs/reference/commands.md"
    )


def test_the_pages_of_help_are_up_to_date() -> None:
    assert "".join(f"{kept_page(name)}\f\n" for name in COMMANDS) == every_page(), (
        "run: python -m mriprivacy.challenge.settings.help_pages > challenge/settings/help_pages.txt"
    )


def test_every_setting_of_every_command_is_listed() -> None:
    text = manual()
    for name in COMMANDS:
        section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for key in compose_raw(name, []):
            assert f"| `{key}` |" in section or f"| `{key}." in text, f"{name}: {key}"


def test_every_setting_and_every_option_is_explained() -> None:
    rows = [
        line.removeprefix("| ").removesuffix(" |").split(" | ")
        for line in manual().splitlines()
        if line.startswith("| `")
    ]
    settings, options = ([row for row in rows if len(row) == n] for n in (4, 3))
    assert len(settings) > 100
    assert len(options) > 30
    assert len(settings) + len(options) == len(rows)
    assert [row[0] for row in settings if len(row[3]) < 8] == []
    assert [row[0] for row in options if len(row[1]) < 8] == []


def copied_by_the_dockerfile() -> list[str]:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    return [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]]


def test_the_dockerfile_copies_what_is_there_and_leaves_the_command_to_who_runs_it() -> None:
    """Codabench's worker gives a whole command; behind an entrypoint it would be an argument."""
    copied = copied_by_the_dockerfile()
    assert all((ROOT / name).exists() for name in copied)
    assert {
        "challenge",
        "baselines",
        "scoring",
        "data_prep",
        "drawing",
        "scans",
        "conf",
        "pyproject.toml",
    } <= set(copied)
    assert "ENTRYPOINT" not in (ROOT / "Dockerfile").read_text()


@pytest.mark.slow
def test_what_the_dockerfile_copies_installs_and_runs(tmp_path: Path) -> None:
    for name in copied_by_the_dockerfile():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    python = empty_python(tmp_path / "env") / "python"
    install = (ROOT / "Dockerfile").read_text().split("RUN uv pip install")[1].split("\n")[0].replace('"', "")
    words = [word for word in install.split() if word not in ("--system", "--no-cache", "--compile-bytecode")]
    subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, *words], cwd=tmp_path, check=True)
    done = subprocess.run(
        [python.with_name("mriprivacy"), "doctor"], cwd=tmp_path, check=True, text=True, capture_output=True
    )
    assert "pictures" in done.stdout
