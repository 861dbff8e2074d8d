"""A Python that has what a platform's image has, and nothing of the kit."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.helpers.in_ci import skip_but_not_in_ci

# Of codabench's py312 image, what the kit asks for, and what these need in turn.
PINS = (
    "numpy==1.26.4", "scipy==1.11.4", "scikit-learn==1.5.1", "pandas==2.2.3", "pyyaml==6.0.2",
    "threadpoolctl==3.6.0",
)  # fmt: skip
_LINKED = (
    "numpy", "numpy.libs", "scipy", "scipy.libs", "pandas", "pandas.libs", "joblib", "cloudpickle",
    "dateutil", "six.py", "threadpoolctl.py", "pytz", "tzdata",
)  # fmt: skip


def linked_python(folder: Path) -> Path:
    """Make an environment with links to these packages alone, of the versions that are installed here."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    for name in _LINKED:
        package = Path(sysconfig.get_path("purelib")) / name
        if package.exists():
            (site / name).symlink_to(package)
    return folder / "bin"


def empty_python(folder: Path) -> Path:
    """Make an environment of the images' Python, 3.12, with nothing in it."""
    # Where pyenv's shims are on the PATH, they give 3.12 only on request.
    environment = os.environ | {"PYENV_VERSION": "3.12"}
    words = ["uv", "venv", "--quiet", "--python", "3.12", str(folder)]
    if subprocess.run(words, env=environment, check=False).returncode:
        skip_but_not_in_ci("no Python 3.12 on the PATH, and uv could not get one")
    return folder / "bin"


def pinned_python(folder: Path) -> Path:
    """Make an environment with the very versions of the image."""
    binaries = empty_python(folder)
    python = str(binaries / "python3")
    subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, *PINS], check=True)
    return binaries
