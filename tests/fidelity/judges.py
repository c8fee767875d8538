"""Three judges of what would be sent to Slack: the sandbox's own limits, slack_sdk's models, and @slack/types with tsc.

Each answers what is wrong, in words; nothing means that it would be taken.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block, Option, OptionGroup
from slack_sdk.models.views import View

from bots.sandbox.workspace.block_check import characters_of, problems_of_blocks, problems_of_view
from bots.sandbox.workspace.block_rules import CHARACTERS_PER_MESSAGE
from tests.fidelity.product_views import MESSAGE, Drawn

WORDS = {"type", "style", "trigger_actions_on"}
"""Where the official types ask for certain words; every other text may be any."""


def sandbox(drawn: Drawn) -> list[str]:
    """Ask the limits that the sandbox refuses by."""
    if drawn.surface != MESSAGE:
        return [str(problem) for problem in problems_of_view(drawn.document)]
    found = [str(problem) for problem in problems_of_blocks(drawn.document)]
    if characters_of(drawn.document) > CHARACTERS_PER_MESSAGE:
        found.append("msg_blocks_too_long")
    return found


def sdk(drawn: Drawn) -> list[str]:
    """Ask slack_sdk's model classes: they must know every block, find it valid, and write it as it was."""
    try:
        if drawn.surface != MESSAGE:
            view = View(**drawn.document)
            view.validate_json()
            _check_options(drawn.document)
            return [] if view.to_dict() == drawn.document else ["the view comes out otherwise"]
        return [wrong for block in drawn.document for wrong in _block(json.dumps(block))]
    except (SlackObjectFormationError, TypeError, ValueError, AttributeError, KeyError) as error:
        return [f"{type(error).__name__}: {error}"]


@cache
def _block(written: str) -> tuple[str, ...]:
    block = json.loads(written)
    parsed = Block.parse(block)
    if parsed is None:
        return (f"unknown to the SDK: {block.get('type')}",)
    parsed.validate_json()
    _check_options(block)
    return () if parsed.to_dict() == block else (f"comes out otherwise: {block.get('type')}",)


def _check_options(value: Any) -> None:
    """Let the SDK look at the choices of menus, which it otherwise passes on unseen."""
    if isinstance(value, list):
        for inner in value:
            _check_options(inner)
    elif isinstance(value, dict):
        for option in value.get("options") or ():
            Option(**option).validate_json()
        for group in value.get("option_groups") or ():
            OptionGroup(**group).validate_json()
        for inner in value.values():
            _check_options(inner)


def shape(value: Any, name: str = "") -> Any:
    """A document without its free texts and repetitions: all that a type checker can look at."""
    if isinstance(value, dict):
        return tuple((key, shape(inner, key)) for key, inner in sorted(value.items()))
    if isinstance(value, list):
        return tuple(sorted({shape(inner, name) for inner in value}, key=repr))
    if isinstance(value, str):
        return value if name in WORDS else ""
    return type(value).__name__


def of_each_shape(drawn: Iterable[Drawn]) -> list[Drawn]:
    """The shortest document of every shape there is."""
    kept: dict[Any, Drawn] = {}
    for one in drawn:
        key = one.surface, shape(one.document)
        if key not in kept or len(repr(one.document)) < len(repr(kept[key].document)):
            kept[key] = one
    return list(kept.values())


TYPES = {"message": "KnownBlock[]", "modal": "ModalView", "home": "HomeView"}
COMPILER = (
    "--noEmit --strict --skipLibCheck --target es2022 --module nodenext --moduleResolution nodenext --pretty false"
)
COMPLAINT = re.compile(r"check\.ts\((?P<line>\d+),\d+\): error (?P<text>.*)")


def official_types(drawn: Iterable[Drawn], packages: Path) -> Mapping[str, str]:
    """Let tsc check every document as a literal against @slack/types; answers the first complaint by name."""
    known = list(drawn)
    imports = ", ".join(sorted({kind.removesuffix("[]") for kind in TYPES.values()}))
    lines = [f"import type {{ {imports} }} from '@slack/types';"]
    for number, one in enumerate(known):
        lines.append(f"export const d{number}: {TYPES[one.surface]} = {json.dumps(one.document)};")
    with tempfile.TemporaryDirectory(dir=packages, prefix="check-") as folder:
        (Path(folder) / "check.ts").write_text("\n".join(lines), encoding="utf-8")
        compiler = packages / "node_modules" / ".bin" / "tsc"
        done = subprocess.run(
            [compiler, *COMPILER.split(), "check.ts"], cwd=folder, capture_output=True, text=True, check=False
        )
    complaints: dict[str, str] = {}
    for found in COMPLAINT.finditer(done.stdout):
        complaints.setdefault(known[int(found["line"]) - 2].name, found["text"])
    if done.returncode and not complaints:
        complaints["tsc"] = (done.stdout + done.stderr)[:2_000]
    return complaints
