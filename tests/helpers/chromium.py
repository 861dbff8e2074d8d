"""The Chromium of the tests: the variable CHROMIUM, the PATH, or `playwright install chromium`."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.helpers.in_ci import skip_but_not_in_ci


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser; without one the test skips, but fails in CI."""
    with sync_playwright() as engine:
        own = os.environ.get("CHROMIUM") or shutil.which("chromium")
        path = own or engine.chromium.executable_path
        if not Path(path).is_file():
            skip_but_not_in_ci("no Chromium: run `playwright install chromium`, or set CHROMIUM to its path")
        flags = ["--no-sandbox", "--no-zygote", "--in-process-gpu", "--use-angle=swiftshader"]
        browser = engine.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()
