"""The page on `score` and `compare` shows what they print.

`python -m tests.docs.test_score_page` writes the page again.
"""

import io
import os
import re
import tempfile
from contextlib import redirect_stdout
from importlib.metadata import version
from pathlib import Path

from mriprivacy.challenge.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "score.md"
VERSION = "VERSION"


def with_outputs(page: str) -> str:
    """Run the page in an empty folder; return it with what its commands print now."""

    def printed(block: re.Match[str]) -> str:
        lines = []
        for command in re.findall(r"^\$ mriprivacy (.*)$", block[1], re.M):
            text = io.StringIO()
            with redirect_stdout(text):
                assert main(command.split()) == 0
            lines.append(f"$ mriprivacy {command}\n{text.getvalue()}")
        return "```\n" + "\n".join(lines).replace(version("mriprivacy"), VERSION) + "```"

    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            (program,) = re.findall(r"```python\n(.*?)```", page, re.S)
            exec(program, {})
            return re.sub(r"```\n(\$.*?)```", printed, page, flags=re.S)
        finally:
            os.chdir(before)


def test_the_page_shows_what_is_printed() -> None:
    page = PAGE.read_text("utf-8")
    assert page.count("$ mriprivacy ") == 3
    assert with_outputs(page) == page


if __name__ == "__main__":
    PAGE.write_text(with_outputs(PAGE.read_text("utf-8")), encoding="utf-8")
