"""`mriprivacy completion SHELL`: a script that completes commands, settings and values in a shell."""

from dataclasses import dataclass

from mriprivacy.challenge.settings.completion_script import script
from mriprivacy.data_prep.formats.settings import REQUIRED, setting


@dataclass
class CompletionSettings:
    """Keys of the command."""

    shell: str = setting(
        REQUIRED, "whose script is printed; `completion bash` is enough", choices=("bash", "zsh", "fish")
    )


def run(settings: CompletionSettings) -> None:
    """Print the script."""
    print(script(settings.shell))
