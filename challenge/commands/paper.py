"""`mriprivacy paper`: Tables I and II and Fig. 4 of the paper, from an edition, beside the paper's own."""

from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from mriprivacy.baselines.attacks.attributes import AttributesError
from mriprivacy.baselines.attacks.networks import DEFAULT_NETWORKS, NETWORKS, on_networks
from mriprivacy.baselines.attacks.registry import make_attack
from mriprivacy.challenge.attackers.attribute_inference import infer, train_classifier
from mriprivacy.challenge.attackers.features import Extraction, extract
from mriprivacy.challenge.attackers.levels import AttackScores, Seen, run_attackers
from mriprivacy.challenge.attackers.linkage import link, people
from mriprivacy.challenge.attackers.networks import attacker_of
from mriprivacy.challenge.attackers.photographs import taken_photographs
from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.labelled_trials import LabelledTrials
from mriprivacy.challenge.edition.protocol import Protocol, Rendering, attacks_of, read_protocol
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import SealedKey, open_sealed
from mriprivacy.challenge.entry.entry import LEVELS
from mriprivacy.challenge.evaluation.paper_tables import (
    Attacked,
    differences,
    distances,
    draw_roc,
    table_1,
    table_2,
)
from mriprivacy.data_prep.formats.atomic import whole_file, whole_folder
from mriprivacy.data_prep.formats.schema import Attributes
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.scoring import Estimate, compare, draw_systems, score_attributes, score_trials
from mriprivacy.scoring.errors import UserError

TRUE_BALD = "true bald"
CONTRASTED = (  # what hair removal does to either attack, and whether the truth would do more
    ("deepface bald", "deepface raw"),
    ("deepface true bald", "deepface raw"),
    ("geo bald", "geo raw"),
    ("geo true bald", "geo raw"),
    ("deepface bald", "geo bald"),
    ("deepface raw", "geo raw"),
)


@dataclass
class PaperSettings:
    """Keys of the command."""

    edition: str = setting(
        REQUIRED, "folder of an edition with public/ and sealed/ (standard=synth-49: the paper's design)"
    )
    output: str = setting(REQUIRED, "folder for paper.md and roc.png")
    network: str = setting(
        DEFAULT_NETWORKS[0], "face network of Deepface; VGG-Face is the paper's", choices=tuple(NETWORKS)
    )
    cache: str = setting("", "folder in which features are kept; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")


def run(settings: PaperSettings) -> None:
    """Attack the undefaced scans of an edition every way, and write tables and figure."""
    edition, sealed = open_edition(Path(settings.edition)), open_sealed(Path(settings.edition))
    if edition.conditions != ("raw", "bald"):
        raise UserError(
            f"paper: {edition.name} has photographs {', '.join(edition.conditions)}; expected bald too"
        )
    with whole_folder(Path(settings.output)) as folder:
        # Deepface is one attack of the paper, with one network.
        protocol = replace(read_protocol(edition.description), networks=[settings.network])
        trials = LabelledTrials.sealed(edition.eval.trials, sealed)
        faces, remarks = _look(edition, sealed, protocol, settings)
        attacked = _attack(edition, protocol, trials, faces)
        draw_roc(attacked, trials.mated, folder / "roc.png")
        second = _table_2(edition, sealed, protocol, faces)
        text = _text(edition, protocol, trials, attacked, second, remarks)
        with whole_file(folder / "paper.md") as temporary:
            temporary.write_text(text, encoding="utf-8")
    print(text)
    print(f"{settings.output}: paper.md and roc.png")


def _look(
    edition: Edition, sealed: SealedKey, protocol: Protocol, settings: PaperSettings
) -> tuple[Seen, list[str]]:
    """Return what is seen in scans and photographs, and remarks on the removal of hair."""
    extraction = Extraction(
        attacks=attacks_of(protocol),
        camera=Rendering(protocol.spacing_mm, protocol.size, protocol.views, protocol.lights),
        cache=cache_folder(settings.cache),
    )
    scans, photos = {}, {}
    released = {
        (name, condition): {reference: split.photo(reference, condition) for reference in split.references}
        for name, split in edition.splits.items()
        for condition in edition.conditions
    }
    taken = taken_photographs(released, edition.description, extraction.cache, settings.compute)
    for name, split in edition.splits.items():
        paths = {probe: split.scan(probe) for probe in split.probes}
        scans[name] = extract(paths, "scan", extraction, f"faces of scans of {name}", settings.compute)
        for condition in edition.conditions:
            shots = taken.paths[name, condition]
            label = f"faces of {condition} photographs of {name}"
            photos[name, condition] = extract(shots, "photo", extraction, label, settings.compute)
    truth = {r: sealed.root / "photos" / "bald" / f"{r}.png" for r in edition.eval.references}
    if all(path.is_file() for path in truth.values()):
        label = "faces of people truly bald"
        photos["eval", TRUE_BALD] = extract(truth, "photo", extraction, label, settings.compute)
    return Seen(scans, photos), taken.remarks


def _attack(edition: Edition, protocol: Protocol, trials: LabelledTrials, faces: Seen) -> list[Attacked]:
    attackers, _ = run_attackers(edition, protocol, faces)
    if ("eval", TRUE_BALD) in faces.photos:
        for attack in attacks_of(protocol):
            if not make_attack(attack).comparable:
                continue
            scores = link(attack, trials.pairs, faces.scans["eval"], faces.photos["eval", TRUE_BALD])
            attackers.append(AttackScores(attacker_of(attack, TRUE_BALD, "ignorant"), scores))
    found = [_attacked(protocol, trials, one) for one in attackers]
    return sorted(found, key=lambda one: (LEVELS.index(one.level), one.attack, one.condition == TRUE_BALD))


def _attacked(protocol: Protocol, trials: LabelledTrials, one: AttackScores) -> Attacked:
    scores, mated, who = one.scores, trials.mated, one.attacker
    report = score_trials(
        scores,
        mated,
        trials.people[:, 0],
        trials.people[:, 1],
        protocol.bootstrap,
        protocol.bootstrap_seed,
        probes=trials.probes,
    )
    near = float(scores[mated].mean() / scores[~mated].mean()) if who.level == "ignorant" else None
    return Attacked(who.attack, who.target, who.level, scores, report, near)


def _table_2(edition: Edition, sealed: SealedKey, protocol: Protocol, faces: Seen) -> str:
    """Return Table II, or a line that says why there is none: Table I stands without it."""
    try:
        return table_2(_attribute_scores(edition, sealed, protocol, faces))
    except AttributesError as error:
        return f"Table II left out: {error}.\n"


def _attribute_scores(
    edition: Edition, sealed: SealedKey, protocol: Protocol, faces: Seen
) -> dict[str, dict[str, tuple[Estimate, float]]]:
    """Score attributes predicted from photographs and from scans, by classifiers trained on dev.

    The paper's networks were trained on photographs alone, as those of the third kind are.
    """
    (attack,) = on_networks(["deepface"], protocol.networks)
    who = people(edition.dev.key)
    of_person = {who[probe]: own for probe, own in edition.dev.attributes.items()}
    known = dict(edition.dev.attributes) | {r: of_person[who[r]] for r in edition.dev.references}
    by_subject = {sealed.subjects[probe]: own for probe, own in sealed.attributes.items()}
    sides = {
        "photograph": (faces.photos["dev", "raw"], faces.photos["eval", "raw"]),
        "MRI": (faces.scans["dev"], faces.scans["eval"]),
        "MRI, as if it were a photograph": (faces.photos["dev", "raw"], faces.scans["eval"]),
    }
    found: dict[str, dict[str, tuple[Estimate, float]]] = {}
    for kind, attribute in product(sides, Attributes._fields):
        dev, asked = sides[kind]
        predicted = infer(attack, train_classifier(attribute, attack, dev, known, who), asked)
        subjects = [sealed.subjects[image] for image in predicted]
        report = score_attributes(
            [getattr(by_subject[subject], attribute) for subject in subjects],
            list(predicted.values()),
            subjects,
            protocol.bootstrap,
            protocol.bootstrap_seed,
        )
        found.setdefault(kind, {})[attribute] = (report.accuracy, report.majority_share)
    return found


def _text(
    edition: Edition,
    protocol: Protocol,
    trials: LabelledTrials,
    attacked: list[Attacked],
    second_table: str,
    remarks: list[str],
) -> str:
    report = attacked[0].report
    drawn = draw_systems(
        {one.name: one.scores for one in attacked if one.level == "ignorant"},
        trials.mated,
        trials.people[:, 0],
        trials.people[:, 1],
        protocol.bootstrap,
        protocol.bootstrap_seed,
    )
    pairs = [pair for pair in CONTRASTED if set(pair) <= set(drawn.systems)]
    whose = "synthetic people" if edition.description.get("synthetic") is True else "people"
    return "\n".join(
        [
            f"Edition {edition.name}, {report.n_subjects} {whose} in eval, {report.n_mated} mated and "
            f"{report.n_nonmated} non-mated trials. 95 % intervals are from {protocol.bootstrap} draws of "
            f"subjects. The face network is {protocol.networks[0]}. Informed attackers and classifiers are "
            f"trained on {len(edition.dev.probes)} scans of dev.\n",
            *(f"{remark[0].upper()}{remark[1:]}.\n" for remark in remarks),
            "### Table I\n",
            table_1(attacked),
            "Paired differences in AUC:\n",
            differences(compare(drawn, "auc"), pairs),
            "Mean distance between a person's scan and photograph, as a share of that between two people's "
            "(the paper's Fig. 3):\n",
            distances(attacked),
            "### Table II\n",
            second_table,
        ]
    )
