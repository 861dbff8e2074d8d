"""docs/commands.md is what `conf/` says; the Dockerfile copies what is there."""

from pathlib import Path

from challenge.cli import COMMANDS
from challenge.config import compose_raw
from challenge.reference import reference

ROOT = Path(__file__).parents[2]


def test_the_reference_is_up_to_date() -> None:
    committed = (ROOT / "docs" / "commands.md").read_text()
    assert committed == reference(), "run: python -m challenge.reference > docs/commands.md"


def test_every_setting_of_every_command_is_listed() -> None:
    text = reference()
    for name in COMMANDS:
        section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for key in compose_raw(name, []):
            assert f"| `{key}` |" in section or f"| `{key}." in text, f"{name}: {key}"


def test_the_dockerfile_copies_what_the_wheel_is_made_of() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = {word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]}
    assert all((ROOT / name).exists() for name in copied)
    assert {"challenge", "baselines", "scoring", "data_prep", "conf", "pyproject.toml"} <= copied
    assert lines[-1] == 'ENTRYPOINT ["mriprivacy"]'
