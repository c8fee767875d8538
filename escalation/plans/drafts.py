"""What several plans do with an answer: make a version, decide it, show it, send it, take its approval back."""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta

from escalation.casefile import Fitted
from escalation.decision import CardWanted, DraftDecided, Intent
from escalation.language import Sentence
from escalation.notes import Note, sentence_payload
from escalation.plans.scene import Plan, Scene
from models.case import Draft
from models.vocabulary import DraftSource, DraftState, EffectKind, EffectState, Verdict, Visibility, VoidReason


def text_hash(parts: Sequence[str], visibility: Visibility) -> str:
    """Return the SHA-256 (hex) over exactly what an approval covers: the parts as published, and who can read them."""
    covered = json.dumps([visibility.value, *parts], ensure_ascii=False)
    return hashlib.sha256(covered.encode("utf-8", "surrogatepass")).hexdigest()


def new_draft(scene: Scene, fitted: Fitted, *, author: str, source: DraftSource, visibility: Visibility) -> Draft:
    """Return the next version of the answer, waiting for approval."""
    latest = scene.file.draft
    return Draft(
        id="",
        case_id=scene.case.id,
        version=(latest.version if latest else 0) + 1,
        mention_id=scene.file.mention.id,
        author=author,
        source=source,
        text=fitted.text,
        parts=list(fitted.parts),
        visibility=visibility,
        hash=text_hash(fitted.parts, visibility),
        warnings=[sentence_payload(warning) for warning in fitted.warnings],
        state=DraftState.PENDING,
        context_version=scene.case.context_version,
        submitted_at=scene.at,
    )


def decided(
    scene: Scene,
    state: DraftState,
    verdict: Verdict | None,
    *,
    reason: str | None = None,
    forbid_author: bool = False,
    first_approver: str | None = None,
) -> DraftDecided:
    """Return the decision on the newest version by whoever acts; a verdict covers the conversation as it stands."""
    draft = scene.draft
    return DraftDecided(
        draft_id=draft.id,
        state=state,
        was=draft.state,
        version=draft.version,
        hash=draft.hash,
        decided_by=scene.actor,
        reason=reason,
        verdict=verdict,
        context_version=scene.case.context_version if verdict is not None else None,
        forbid_author=scene.actor if forbid_author and scene.rules.four_eyes else None,
        first_approver=first_approver,
    )


def supersede(scene: Scene, plan: Plan) -> None:
    """Set aside a version that still waits for approval."""
    draft = scene.file.draft
    if draft is not None and draft.state is DraftState.PENDING:
        plan.decided.append(decided(scene, DraftState.SUPERSEDED, None))


def show_for_approval(scene: Scene, plan: Plan, *, channels: tuple[str, ...] = ()) -> None:
    """Have the new version shown where it is approved."""
    if plan.new_draft is None:
        raise LookupError("nothing to show for approval")
    for channel in channels or (scene.rules.approval_channel,):
        plan.cards.append(CardWanted(EffectKind.APPROVAL, channel, subject=subject(plan.new_draft.version)))


def subject(version: int) -> str:
    """Return what the approvals card of a version is called."""
    return f"draft:{version}"


def send(scene: Scene, plan: Plan, parts: Sequence[str]) -> None:
    """Let the approved parts leave, one after the other, when the time for undoing is over."""
    account = scene.case.account
    leaves_at = scene.at + timedelta(seconds=scene.rules.undo_seconds)
    for part in range(len(parts)):
        plan.intents.append(
            Intent(
                EffectKind.REPLY,
                account,
                f"account:{account}",
                lane=f"reply:{scene.case.id}",
                priority=2,
                not_before=leaves_at,
                part=part,
                of_review=True,
            )
        )


def parts_sent(scene: Scene) -> int:
    """Return how many parts of the newest version stand on the network."""
    return sum(effect.state is EffectState.SENT for effect in scene.file.current_replies)


def void(
    scene: Scene,
    because: VoidReason,
    told: Sentence,
    *,
    already_sent: int = 0,
    context: int | None = None,
    refit: Fitted | None = None,
) -> Plan:
    """Take an approval back: its waiting replies are recalled and the same text stands for approval again.

    ``told`` is said now, with all that is known; ``because`` is what the draft remembers. ``already_sent`` parts are
    public and left out; ``context`` is the conversation's version where this command moves it on; ``refit`` are the
    same words in other parts.
    """
    draft = scene.draft
    parts = list(refit.parts) if refit is not None else draft.parts[already_sent:]
    renewed = Draft(
        id="",
        case_id=draft.case_id,
        version=draft.version + 1,
        mention_id=draft.mention_id,
        author=draft.author,
        edited_by=draft.edited_by,
        based_on=draft.version,
        source=DraftSource.RENEWED,
        text=draft.text if already_sent == 0 else "\n".join(parts),
        parts=parts,
        visibility=draft.visibility,
        hash=text_hash(parts, draft.visibility),
        warnings=draft.warnings if refit is None else [sentence_payload(warning) for warning in refit.warnings],
        state=DraftState.PENDING,
        context_version=context or scene.case.context_version,
        submitted_at=scene.at,
    )
    old = DraftDecided(
        draft.id, DraftState.VOID, draft.state, draft.version, draft.hash, draft.decided_by, reason=because.value
    )
    plan = Plan(
        changes={"notice": sentence_payload(told)},
        new_draft=renewed,
        decided=[old],
        recall=draft.id,
    )
    show_for_approval(scene, plan)
    plan.tell(scene, Note(told, to=(draft.author,)))
    return plan
