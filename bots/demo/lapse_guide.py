"""What the page says of the question that nobody claimed, by how its case stands: where to look, and what to press."""

from typing import Any

from bots.demo.configuration import BILLING, DIRECT_TO_MARTA, MARTA
from bots.demo.scenes import Scene
from escalation.casefile import CaseFile
from models.vocabulary import Step


def lapse_facts(file: CaseFile | None) -> dict[str, Any] | None:
    """Return the next step as JSON, ``None`` where nothing has run out. ``over``: there is nothing more to do."""
    clock = file.latest(Step.ACKNOWLEDGE) if file is not None else None
    if file is None or clock is None:
        return None
    customer = file.author.name.split()[0]
    if clock.ended_at is None:
        title = f"Nobody claimed {customer}'s question"
        sentence = "#billing was warned, then whoever is on call, and at the breach Marta, once. Press Take over."
        scene = Scene("workspace", person=MARTA, channel=DIRECT_TO_MARTA)
    else:
        title = "Somebody has it now"
        sentence = "The warning in #billing is struck through. Press Explain on the card: what was due when, and why."
        scene = Scene("workspace", person=MARTA, channel=BILLING)
    return {
        "case": file.case.id,
        "title": title,
        "sentence": sentence,
        "scene": scene.facts(),
        "over": clock.ended_at is not None,
    }
