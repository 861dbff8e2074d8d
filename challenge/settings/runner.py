"""The commands by name, and what runs one with its settings."""

from collections.abc import Callable, Sequence

COMMANDS = {
    "demo": "the whole challenge on a small synthetic edition, in minutes",
    "inspect": "read a BIDS dataset and portraits as they are, and write a plan to edit and sign off",
    "cohort": "write a synthetic cohort as a BIDS dataset",
    "bald": "remove the hair from photographs",
    "build": "turn a cohort into an edition: public/ and sealed/",
    "build-defaced": "turn an edition and a defacing submission into an edition to attack",
    "deface": "run a reference defacer on an edition",
    "attack": "run an attack, the kit's or your own, on an edition, or on loose scans and photographs",
    "infer": "predict sex, age group and ethnicity from the scans of an edition",
    "check": "validate a submission against the public edition",
    "qc": "say of every scan of a folder whether a face is left in it",
    "risk": "what recipients find in a release of defaced scans, as a report to file",
    "pool": "one risk report from the counts that several hospitals shared",
    "rehearse": "rate a submission of any track on the open people of dev, without the key",
    "evaluate": "score a submission with the sealed key",
    "serve-scores": "a service that evaluates what platforms forward, where the key is",
    "identify": "probe embeddings against a gallery of any size",
    "rank": "turn entries into LEADERBOARD.md and a site",
    "show": "the verdict on an evaluated system, or all of its figures",
    "score": "every metric of a labelled table of scores, with its interval",
    "compare": "two tables of scores on the same trials, in a paired test",
    "export": "write a starting kit, a challenge design, all results, or what a platform needs",
    "paper": "Tables I and II of the paper, from an edition, beside the paper's own",
    "verify": "compare an edition with its manifest and the commitment to its key",
    "repair": "go on with a log of submissions that was cut, emptied or written by a wrong clock",
    "lock": "encrypt what is sealed for an organizer's key",
    "unlock": "put back what lock encrypted",
    "doctor": "say what works on this machine, and how to get the rest",
    "completion": "print a script that completes commands, settings and values in a shell",
}

# What to type, for `--help`: a test composes the settings of each.
EXAMPLES = {
    "demo": "output=demo subjects=24",
    "cohort": "cohort.subjects=24 output=people",
    "inspect": "root=people photos=portraits output=plan",
    "bald": "photos=photographs output=bald",
    "build": "cohort.root=people seed=1 output=edition",
    "build-defaced": "edition=edition submission=mine output=edition-mine",
    "deface": "defacer=blur edition=edition/public output=mine",
    "attack": "attack=deepface attack.condition=bald edition=edition/public output=scores",
    "infer": "edition=edition/public output=predicted",
    "check": "edition=edition/public submission=mine",
    "qc": "root=defaced originals=scans output=qc",
    "risk": "original=scans released=defaced photos=photographs output=risk",
    "pool": "counts=[a/counts.json,b/counts.json] output=pooled",
    "rehearse": "edition=edition/public submission=mine",
    "evaluate": "edition=edition submission=mine output=entries report=reports",
    "serve-scores": "edition=edition record=record output=entries",
    "identify": "probes=probes.npy gallery=photos.npy output=candidates",
    "rank": "entries=entries output=board",
    "show": "entries/practice-2026.1/my-team__my-attack-1.json",
    "score": "scores.tsv format=json",
    "compare": "first.tsv second.tsv",
    "export": "target=starting_kit edition=edition output=kit",
    "paper": "edition=edition output=tables",
    "verify": "edition=edition",
    "repair": "record=record",
    "lock": "edition=edition recipients=[age1...]",
    "unlock": "edition=edition identity=key.txt",
    "doctor": "",
    "completion": "bash",
}


def run_command(name: str, overrides: Sequence[str]) -> None:
    """Run one command with `key=value` overrides; errors are raised, not printed."""
    prepare_command(name, overrides)()


def prepare_command(name: str, overrides: Sequence[str]) -> Callable[[], int]:
    """Compose the settings of a command, check what they alone can tell, and return what runs it.

    Parameters
    ----------
    name : str
        One of `COMMANDS`. Its module may have a function `check` that raises for settings with which `run`
        could only fail, whatever the files are, and a function `inherit` that completes settings from an
        earlier run, given the keys that were overridden. Its `run` returns None or an exit status.
    overrides : sequence of str
        `key=value` words.
    """
    from threadpoolctl import threadpool_limits

    from mriprivacy.challenge.settings.compose import compose_settings, module_of, overridden_keys, schema_of
    from mriprivacy.challenge.settings.remote import here

    command = module_of(name)
    settings = compose_settings(name, schema_of(name), overrides)
    if hasattr(command, "inherit"):
        settings = command.inherit(settings, overridden_keys(name, overrides))
    if hasattr(command, "check"):
        command.check(settings)

    def call() -> int:
        # Matrices are small here: threads inside of a product cost more than they give, and change digits.
        with threadpool_limits(limits=1), here(name, settings):
            return command.run(settings) or 0

    return call
