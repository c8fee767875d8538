"""What clears a suspect of the auditor that SQL alone cannot clear: rights and hashes. Pure."""

from escalation.judging_clocks import called_a_deputy
from escalation.plans.drafts import text_hash
from escalation.rulebook import Rulebook
from models.store.auditing import Suspect
from models.vocabulary import Verdict, Visibility


def approved_by_whom_may(suspect: Suspect, rulebook: Rulebook) -> bool:
    """Tell whether the configuration lets the member approve for this account, as a deputy once they were called.

    Second approvers of the route approve as well.
    """
    settings, seen, history = rulebook.settings, suspect.evidence, suspect.history
    if seen.account not in settings.accounts:
        return True  # nobody can tell any more
    seconds = settings.second_approvers(rulebook.route_of(seen), seen.account)
    if settings.is_approver(seen.member, seen.account) or seen.member in seconds:
        return True
    is_deputy = seen.member in settings.deputies(seen.account)
    return is_deputy and history is not None and called_a_deputy(history, seen.at, rulebook)


def approved_by_somebody_else(suspect: Suspect, rulebook: Rulebook) -> bool:
    """Tell whether whoever approved neither wrote the text nor approved it first, or whether that is allowed here."""
    seen = suspect.evidence
    alone = seen.member in {seen.author, seen.first_approver}
    return not alone or not rulebook.settings.four_eyes(rulebook.route_of(seen))


def as_approved(suspect: Suspect, _: Rulebook) -> bool:
    """Tell whether a sent part belongs to an approval of exactly this text, readers and conversation.

    The hash is computed anew from the stored text: one that was altered together with nothing else does not match.
    """
    seen = suspect.evidence
    if seen.verdict is not Verdict.APPROVED or seen.parts is None or seen.part >= len(seen.parts):
        return False
    hashed = text_hash(seen.parts, Visibility(seen.visibility))
    approved = (seen.reviewed_id, seen.draft_version, seen.draft_hash, seen.reviewed_context)
    return hashed == seen.hash and approved == (seen.draft_id, seen.version, hashed, seen.context_version)
