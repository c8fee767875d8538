"""What must hold among the rows, as data; ``escalation.auditor`` asks it while the product works.

Each rule is one question to the database (``models.store.auditing``), cheap enough that nobody has a reason to switch
it off; a question that takes too long is itself a finding. To add a rule: write its query, add its row to ``RULES``.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from escalation.judging import approved_by_somebody_else, approved_by_whom_may, as_approved
from escalation.judging_clocks import as_the_journal_tells, as_the_rungs_passed, has_nothing_left
from escalation.language import Sentence, say
from escalation.rulebook import Rulebook
from models.store.auditing import Auditing, Scope, Suspect

Query = Callable[[Auditing, Scope], Awaitable[Sequence[Suspect]]]
Judge = Callable[[Suspect, Rulebook], bool]


@dataclass(frozen=True)
class Rule:
    """What must hold, in words. ``invariant`` is its number among them, ``name`` its own, and a metric's label.

    ``wrong`` says what is wrong with a suspect, ``advice`` what to do about it.

    ``patience``: how long something may be due, or stand, before it is suspicious. ``recent``: it looks at cases that
    changed of late; others look at all that is unsettled. ``always``: it holds between any two transactions, not only
    when workers have done their work. ``keeps``: tells whether a suspect keeps the rule, where SQL alone cannot.
    """

    invariant: str
    name: str
    holds: str
    query: Query
    wrong: Callable[[Suspect], Sentence]
    advice: Sentence
    patience: timedelta = timedelta(0)
    recent: bool = True
    always: bool = True
    keeps: Judge | None = None


_RIGHTS = say(
    "Ask who approved it and why. If the rights have been changed since, accept the finding with `portavoce auditor "
    "--accept`; else somebody has written the database by hand."
)
_DEFECT = say("This is a defect or a change made by hand. Keep the database as it is and report it.")

RULES: tuple[Rule, ...] = (
    Rule(
        "I2",
        "deliveries_finished",
        "Every delivery that was acknowledged is worked on within an hour.",
        Auditing.unfinished_deliveries,
        lambda s: say("The delivery {key} from {source} was never finished.", key=s.subject, source=s.about),
        say("The log says why its tries failed; what the customer or colleague did may have to be done again."),
        patience=timedelta(hours=1),
        recent=False,
        always=False,
    ),
    Rule(
        "I4",
        "approvals_have_replies",
        "Every approval has one reply in the outbox for each part of its text.",
        Auditing.approvals_without_replies,
        lambda s: say("Case {case}: an approved answer has not all its parts in the outbox.", case=s.case_id or ""),
        say("Its customer may wait for nothing: look at the case, and answer anew."),
    ),
    Rule(
        "I4",
        "approvals_end_well",
        "No part of an approved reply is given up while the approval stands.",
        Auditing.approvals_that_ended_in_silence,
        lambda s: say(
            "Case {case}: version {version} counts as approved, but a part of it will never be sent.",
            case=s.case_id or "",
            version=s.about,
        ),
        say("Look at the case, and answer anew what the customer has not got."),
    ),
    Rule(
        "I4",
        "effects_leave",
        "What may leave the outbox leaves within ten minutes.",
        Auditing.stuck_effects,
        lambda s: say("The effect {effect} ({what}) has not moved for ten minutes.", effect=s.subject, what=s.about),
        say("Is a worker running? `portavoce outbox list` shows what waits, the log why."),
        patience=timedelta(minutes=10),
        recent=False,
        always=False,
    ),
    Rule(
        "I4",
        "relaying_has_a_reply",
        "While a case says that its reply is on its way, the reply is in the outbox.",
        Auditing.relaying_without_reply,
        lambda s: say("Case {case} waits for a reply that is not in the outbox any more.", case=s.subject),
        say("Look on the network whether the reply stands there, and at the case with `portavoce case explain`."),
        recent=False,
    ),
    Rule(
        "I5",
        "replies_stand_once",
        "The network knows each part of a reply under one id.",
        Auditing.doubled_replies,
        lambda s: say("The reply {effect} may stand on the network twice.", effect=s.subject),
        say("Look on the network, and delete the second one there."),
    ),
    Rule(
        "I5",
        "sends_are_recorded",
        "Every reply that was sent has a try that was recorded before.",
        Auditing.replies_without_attempt,
        lambda s: say("The reply {effect} counts as sent, but no try at it was recorded.", effect=s.subject),
        _DEFECT,
    ),
    Rule(
        "I6",
        "approvers_may_approve",
        "Every approval was given by somebody who may approve; by a deputy only once the ladder had called one.",
        Auditing.approvals_by_right,
        lambda s: say(
            "Case {case}: {member} approved an answer without being an approver.", case=s.case_id or "", member=s.about
        ),
        _RIGHTS,
        keeps=approved_by_whom_may,
    ),
    Rule(
        "I7",
        "sent_as_approved",
        "What was sent is what was approved, for the conversation that was seen.",
        Auditing.sent_replies,
        lambda s: say("The reply {effect} is not the text that was approved.", effect=s.subject),
        say("Compare the reply on the network with `portavoce case show`, and correct it there if it is wrong."),
        keeps=as_approved,
    ),
    Rule(
        "I10",
        "four_eyes",
        "Nobody approves a text of their own where four eyes are asked for.",
        Auditing.approvals,
        lambda s: say("Case {case}: {member} approved a text of their own.", case=s.case_id or "", member=s.about),
        _RIGHTS,
        keeps=approved_by_somebody_else,
    ),
    Rule(
        "I11",
        "clocks_run_forwards",
        "A step clock ends after it starts, does not overlap the one before, and is as long as it says.",
        Auditing.clocks_that_run_backwards,
        lambda s: say("Case {case}: the clock {clock} cannot be right.", case=s.case_id or "", clock=s.about),
        _DEFECT,
    ),
    Rule(
        "I11",
        "steps_in_order",
        "No step begins before the one ahead of it.",
        Auditing.steps_out_of_order,
        lambda s: say("Case {case}: {clock} began before the step ahead of it.", case=s.case_id or "", clock=s.about),
        _DEFECT,
    ),
    Rule(
        "I11",
        "open_cases_are_timed",
        "In every open case a clock runs for whoever has to act.",
        Auditing.open_cases_without_clock,
        lambda s: say(
            "Case {case} is {state}, but no clock runs for whoever has to act.", case=s.subject, state=s.about
        ),
        say("Nobody will be reminded of it: see to the case, then report this."),
    ),
    Rule(
        "I11",
        "ended_cases_are_still",
        "In a case that has ended no clock runs.",
        Auditing.ended_cases_with_clock,
        lambda s: say("Case {case} has ended, but its clock {clock} runs on.", case=s.subject, clock=s.about),
        _DEFECT,
    ),
    Rule(
        "I12",
        "clocks_agree_with_the_journal",
        "Step clocks, their deadlines and pauses are what the journal tells by the policies and calendars it names.",
        Auditing.histories,
        lambda s: say("Case {case}: the step clocks are not what the journal tells.", case=s.subject),
        _DEFECT,
        keeps=as_the_journal_tells,
    ),
    Rule(
        "I13",
        "timers_fire",
        "A timer fires within a minute after it was due.",
        Auditing.overdue_timers,
        lambda s: say("Case {case}: the timer “{kind}” is overdue.", case=s.case_id or "", kind=s.about),
        say("Is a worker running? `/readyz` says when one last swept, the log why it does not."),
        patience=timedelta(minutes=1),
        recent=False,
        always=False,
    ),
    Rule(
        "I13",
        "targets_are_told",
        "What a step clock has to tell is told within two minutes after it was due.",
        Auditing.overdue_rungs,
        lambda s: say("Case {case}: nobody was told in time how “{step}” stands.", case=s.case_id or "", step=s.about),
        say("Is a worker running? `/readyz` says when one last swept, the log why it does not."),
        patience=timedelta(minutes=2),
        recent=False,
        always=False,
    ),
    Rule(
        "I13",
        "clocks_wait_for_what_is_left",
        "A step clock that runs and has something left to tell waits for it.",
        Auditing.clocks_that_wait_for_nothing,
        lambda s: say(
            "Case {case}: the clock {clock} will never tell what it has left.", case=s.case_id or "", clock=s.about
        ),
        say("Nobody will be warned of it: see to the case, then report this."),
        keeps=has_nothing_left,
    ),
    Rule(
        "I13",
        "rungs_are_written_down",
        "Every rung that a step clock has passed is a ping, once, unless it repeats what somebody had seen.",
        Auditing.clocks_with_other_pings,
        lambda s: say(
            "Case {case}: the pings of the clock {clock} are not the rungs it passed.",
            case=s.case_id or "",
            clock=s.about,
        ),
        _DEFECT,
        keeps=as_the_rungs_passed,
    ),
    Rule(
        "I13",
        "pings_reach_a_channel",
        "Every ping that counts as told stands in a channel or with a person.",
        Auditing.untold_pings,
        lambda s: say("Case {case}: the ping about “{step}” stands nowhere.", case=s.case_id or "", step=s.about),
        _DEFECT,
    ),
    Rule(
        "I14",
        "pings_are_in_time",
        "Nobody is pinged about a step that had ended before its time came.",
        Auditing.pings_after_the_end,
        lambda s: say(
            "Case {case}: somebody was pinged about “{step}” after it had ended.", case=s.case_id or "", step=s.about
        ),
        _DEFECT,
    ),
    Rule(
        "I15",
        "cards_are_current",
        "A card shows the newest state of its case within a minute.",
        Auditing.cards_behind,
        lambda s: say("Case {case}: the card in {channel} shows an old state.", case=s.case_id or "", channel=s.about),
        say("`portavoce outbox list` shows whether its drawing is held up or was parked."),
        patience=timedelta(minutes=1),
        always=False,
    ),
    Rule(
        "I23",
        "journals_are_complete",
        "The journal has one entry for each version of a case, and ends in its state.",
        Auditing.gaps_in_journals,
        lambda s: say(
            "Case {case} is at version {version}, which its journal does not tell.", case=s.subject, version=s.about
        ),
        _DEFECT,
    ),
    Rule(
        "I26",
        "networks_are_polled",
        "Every account that is polled is polled in time.",
        Auditing.stuck_cursors,
        lambda s: say("{account} has not been polled for ten minutes after it was due.", account=s.subject),
        say("Is a worker running? `portavoce doctor` asks the network."),
        patience=timedelta(minutes=10),
        recent=False,
        always=False,
    ),
)


def check(rules: Sequence[Rule]) -> None:
    """Raise ``ValueError`` if two rules share a name: findings are remembered by it."""
    names = [rule.name for rule in rules]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"rules that share a name: {sorted(doubled)}")


check(RULES)
BY_NAME = {rule.name: rule for rule in RULES}
