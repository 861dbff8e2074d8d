"""Keys with which organizers sign entries."""

import shutil
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives import serialization as coding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def write_key(path: Path) -> Path:
    """Make a key as organizers do; without OpenSSH here, one in its format."""
    if program := shutil.which("ssh-keygen"):
        subprocess.run([program, "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        return path
    key = Ed25519PrivateKey.generate()
    path.write_bytes(
        key.private_bytes(coding.Encoding.PEM, coding.PrivateFormat.OpenSSH, coding.NoEncryption())
    )
    path.chmod(0o600)
    public = key.public_key().public_bytes(coding.Encoding.OpenSSH, coding.PublicFormat.OpenSSH)
    path.with_suffix(".pub").write_bytes(public + b" organizer\n")
    return path
