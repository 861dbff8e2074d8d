"""Build backend: fetch the face_recognition 1.3.0 source distribution by name, keep its portraits."""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

NAME = "portraits_for_tests"
VERSION = "1.3.0"
SDIST_SHA256 = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
PORTRAITS = ("biden.jpg", "obama.jpg", "obama2.jpg", "obama3.jpg")
METADATA = f"Metadata-Version: 2.1\nName: portraits-for-tests\nVersion: {VERSION}\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: portraits-for-tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def _portraits() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
        subprocess.run([*command, "--dest", folder, "face_recognition==1.3.0"], check=True, stdout=sys.stderr)
        sdist = next(Path(folder).glob("*.tar.gz"))
        found = hashlib.sha256(sdist.read_bytes()).hexdigest()
        if found != SDIST_SHA256:
            raise RuntimeError(f"{sdist.name}: sha256 is {found}, expected {SDIST_SHA256}")
        with tarfile.open(sdist) as archive:
            return {
                name: archive.extractfile(f"face_recognition-1.3.0/tests/test_images/{name}").read()
                for name in PORTRAITS
            }


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Write the wheel (PEP 517)."""
    files = {f"{NAME}/__init__.py": b""}
    files |= {f"{NAME}/{name}": content for name, content in _portraits().items()}
    info = f"{NAME}-{VERSION}.dist-info"
    files |= {f"{info}/METADATA": METADATA.encode(), f"{info}/WHEEL": WHEEL.encode()}
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    files[f"{info}/RECORD"] = record.encode()
    wheel = f"{NAME}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory) / wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return wheel


def build_sdist(sdist_directory, config_settings=None):
    """Refuse: only installed from the checkout."""
    raise NotImplementedError("portraits-for-tests is installed from this folder only")
