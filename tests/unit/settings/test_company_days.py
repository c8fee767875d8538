"""The company's calendar as an iCal file: what it closes, and what is refused with its line."""

import datetime as dt
import random

import pytest

from escalation.business_time import BusinessCalendar, zone
from escalation.settings import Organisation
from escalation.settings.company_days import CompanyDays, read_company_days
from tests.unit.settings.sample import FILE, SAMPLE, changed, line_of, load, problems_of

UTC = dt.UTC
ROME, NEW_YORK = zone("Europe/Rome"), zone("America/New_York")
HOUSE = 'holidays = "IT"'


def event(*lines: str, uid: str = "1") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT", ""])


def ical(*events: str, head: str = "") -> str:
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{''.join(events)}END:VCALENDAR\n"


@pytest.fixture
def read(tmp_path):
    def reading(*events: str, head: str = "") -> CompanyDays:
        (tmp_path / "company.ics").write_text(ical(*events, head=head), "utf-8")
        return read_company_days(tmp_path / "company.ics")

    return reading


def days(found: CompanyDays) -> dict[str, str]:
    return {day.isoformat(): name for day, name in found.days}


def spans(found: CompanyDays, local=ROME) -> list[tuple[str, str, str]]:
    return [
        (f"{one.start.astimezone(local):%d %b %H:%M}", f"{one.end.astimezone(local):%d %b %H:%M}", one.name)
        for one in found.closures(local)
    ]


# --- whole days


def test_an_all_day_event_closes_its_days_and_names_them(read):
    found = read(
        event("DTSTART;VALUE=DATE:20261207", "SUMMARY:Works outing\\, all of us"),
        event("DTSTART;VALUE=DATE:20260810", "DTEND;VALUE=DATE:20260813", "SUMMARY:Summer break", uid="2"),
        event("DTSTART;VALUE=DATE:20260901", "DURATION:P2D", "SUMMARY:Move", uid="3"),
    )

    assert days(found) == {
        "2026-08-10": "Summer break",
        "2026-08-11": "Summer break",
        "2026-08-12": "Summer break",
        "2026-09-01": "Move",
        "2026-09-02": "Move",
        "2026-12-07": "Works outing, all of us",
    }
    assert found.hours == ()


def test_recurring_events_close_each_of_their_days_in_the_years_that_are_kept(read):
    found = read(
        event("DTSTART;VALUE=DATE:19991224", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20261224", "SUMMARY:Eve"),
        event("RECURRENCE-ID;VALUE=DATE:20271224", "DTSTART;VALUE=DATE:20271223", "SUMMARY:Moved Eve"),
        event("DTSTART;VALUE=DATE:20260130", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "SUMMARY:Stocktaking", uid="2"),
        event("DTSTART;VALUE=DATE:20260401", "RDATE;VALUE=DATE:20260403,20260405", "SUMMARY:Fair", uid="3"),
    )

    eves = [day for day, name in days(found).items() if name == "Eve"]
    assert (eves[0], eves[-1], len(eves)) == ("2020-12-24", "2040-12-24", 19)
    assert "2026-12-24" not in days(found)
    assert days(found)["2027-12-23"] == "Moved Eve"
    named = {name: [day for day, own in days(found).items() if own == name] for name in ("Stocktaking", "Fair")}
    assert named["Stocktaking"] == ["2026-01-30", "2026-02-27", "2026-03-27"]
    assert named["Fair"] == ["2026-04-01", "2026-04-03", "2026-04-05"]


def test_days_outside_the_years_that_are_kept_are_left_out(read):
    found = read(
        event("DTSTART;VALUE=DATE:20191231", "DTEND;VALUE=DATE:20200102", "SUMMARY:First"),
        event("DTSTART;VALUE=DATE:20401231", "DTEND;VALUE=DATE:20410102", "SUMMARY:Last", uid="2"),
        event("DTSTART;VALUE=DATE:20410601", "SUMMARY:Later", uid="3"),
    )

    assert days(found) == {"2020-01-01": "First", "2040-12-31": "Last"}


def test_two_events_on_one_day_are_both_named_once(read):
    found = read(
        event("DTSTART;VALUE=DATE:20261207", "SUMMARY:Outing"),
        event("DTSTART;VALUE=DATE:20261207", "SUMMARY:Patron saint", uid="2"),
        event("DTSTART;VALUE=DATE:20261207", "SUMMARY:Outing", uid="3"),
        event("DTSTART;VALUE=DATE:20261208", uid="4"),
    )

    assert days(found) == {"2026-12-07": "Outing; Patron saint", "2026-12-08": ""}


def test_cancelled_events_close_nothing_and_all_day_events_that_show_as_free_close(read):
    """Calendars mark all-day events as free by themselves, so that says nothing about working."""
    found = read(
        event("DTSTART;VALUE=DATE:20261207", "STATUS:CANCELLED", "SUMMARY:Off"),
        event("DTSTART;VALUE=DATE:20261208", "TRANSP:TRANSPARENT", "SUMMARY:On", uid="2"),
        event("DTSTART;VALUE=DATE:20261209", "DTEND;VALUE=DATE:20261209", "SUMMARY:No length", uid="3"),
    )

    assert days(found) == {"2026-12-08": "On", "2026-12-09": "No length"}


def test_names_are_one_short_line_of_printable_characters(read):
    found = read(event("DTSTART;VALUE=DATE:20261207", "SUMMARY:  Works\\n\u202eouting\t\u202e " + "x" * 300))

    assert days(found)["2026-12-07"].startswith("Works outing xxx")
    assert len(days(found)["2026-12-07"]) == 100


# --- hours


def test_a_timed_event_closes_its_hours_in_its_own_zone(read):
    found = read(
        event("DTSTART:20261207T130000Z", "DTEND:20261207T143000Z", "SUMMARY:All hands"),
        event("DTSTART;TZID=America/New_York:20261208T090000", "DURATION:PT1H", "SUMMARY:Call", uid="2"),
        event("DTSTART;TZID=W. Europe Standard Time:20261209T090000", "DURATION:PT1H", "SUMMARY:Outlook", uid="3"),
        event("DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Tokyo:20261209T180000", "DURATION:PT1H", uid="6"),
        event("DTSTART:20261210T090000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT", "SUMMARY:Free", uid="4"),
        event("DTSTART:20261211T090000Z", "SUMMARY:No length", uid="5"),
    )

    assert days(found) == {}
    assert spans(found) == [
        ("07 Dec 14:00", "07 Dec 15:30", "All hands"),
        ("08 Dec 15:00", "08 Dec 16:00", "Call"),
        ("09 Dec 09:00", "09 Dec 10:00", "Outlook"),
        ("09 Dec 10:00", "09 Dec 11:00", ""),
    ]


def test_a_time_without_a_zone_is_local_to_whoever_reads_it(read):
    found = read(event("DTSTART:20261207T140000", "DTEND:20261207T160000", "SUMMARY:Drill"))

    assert spans(found, ROME) == spans(found, NEW_YORK) == [("07 Dec 14:00", "07 Dec 16:00", "Drill")]
    (rome,), (new_york,) = found.closures(ROME), found.closures(NEW_YORK)
    assert new_york.start - rome.start == dt.timedelta(hours=6)


def test_a_recurring_meeting_keeps_its_wall_time_over_clock_changes(read):
    weekly = "RRULE:FREQ=WEEKLY;UNTIL=20261102T000000Z"
    found = read(event("DTSTART;TZID=Europe/Rome:20261016T140000", "DURATION:PT1H", weekly, "SUMMARY:Review"))

    assert [start for start, _, _ in spans(found)] == ["16 Oct 14:00", "23 Oct 14:00", "30 Oct 14:00"]
    assert [one.start.hour for one in found.closures(ROME)] == [12, 12, 13]


def test_a_zone_described_in_the_file_is_followed(read):
    described = (
        "BEGIN:VTIMEZONE\nTZID:Ship\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\n"
        "END:STANDARD\nEND:VTIMEZONE\n"
    )
    found = read(event("DTSTART;TZID=Ship:20261207T140000", "DURATION:PT1H", "SUMMARY:Watch"), head=described)

    (closure,) = found.closures(ROME)
    assert closure.start == dt.datetime(2026, 12, 7, 8, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match='names the time zone "Ship", which nobody knows'):  # files keep to themselves
        read(event("DTSTART;TZID=Ship:20261207T140000", "DURATION:PT1H", "SUMMARY:Watch"))


def test_what_is_closed_does_not_count(read):
    found = read(
        event("DTSTART;VALUE=DATE:20261207", "SUMMARY:Outing"),
        event("DTSTART:20261208T100000", "DTEND:20261208T123000", "SUMMARY:All hands", uid="2"),
    )
    calendar = BusinessCalendar(
        weekly=(((9 * 60, 17 * 60),),) * 7,
        timezone="Europe/Rome",
        closed_days=dict(found.days),
        closures=found.closures(ROME),
    )
    start, end = (dt.datetime(2026, 12, day, tzinfo=ROME) for day in (7, 9))

    assert calendar.elapsed(start, end) == 5.5 * 3600
    assert [(day.name, sum(one.seconds for one in day.lost)) for day in calendar.skipped(start, end)] == [
        ("Outing", 8 * 3600),
        ("All hands", 9000),
    ]


# --- refusals

NOT_WHOLE = " is not a whole iCal file; it begins with BEGIN:VCALENDAR and ends with END:VCALENDAR"
BROKEN = {
    "a date of people": (["DTSTART;VALUE=DATE:2026-12-07"], "DTSTART", "has no readable DTSTART"),
    "no date": (["DTSTART:soon"], "DTSTART", "has no readable DTSTART"),
    "a time of day": (["DTSTART;VALUE=TIME:100000"], "DTSTART", "has no readable DTSTART"),
    "no start": (["DTEND;VALUE=DATE:20261207"], "BEGIN:VEVENT", "has no DTSTART"),
    "two starts": (["DTSTART;VALUE=DATE:20261207", "DTSTART:20261208T100000Z"], "DTSTART;", "has DTSTART twice"),
    "no rule": (["DTSTART;VALUE=DATE:20261207", "RRULE:FREQ=OFTEN"], "RRULE", "has no readable RRULE"),
    "half a rule": (["DTSTART;VALUE=DATE:20261207", "RRULE:COUNT=2"], "RRULE", "has an RRULE without FREQ"),
    "each hour": (["DTSTART:20261207T100000Z", "RRULE:FREQ=HOURLY"], "RRULE", "recurs more often than daily"),
    "standing still": (
        ["DTSTART;VALUE=DATE:20261207", "RRULE:FREQ=DAILY;INTERVAL=0"],
        "RRULE",
        "recurs with an INTERVAL below 1",
    ),
    "backwards": (["DTSTART;VALUE=DATE:20261207", "DTEND;VALUE=DATE:20261201"], "DTEND", "ends before it begins"),
    "for ever": (["DTSTART;VALUE=DATE:20261207", "DTEND;VALUE=DATE:29261208"], "DTEND", "lasts longer than a year"),
    "long": (["DTSTART;VALUE=DATE:20261207", "DURATION:P999D"], "DURATION", "lasts longer than a year"),
    "minus": (
        ["DTSTART;VALUE=DATE:20261207", "DURATION:-P1D"],
        "DURATION",
        "has a DURATION that does not fit its beginning",
    ),
    "hours of a day": (
        ["DTSTART;VALUE=DATE:20261207", "DURATION:PT2H"],
        "DURATION",
        "has a DURATION that does not fit its beginning",
    ),
    "mixed": (
        ["DTSTART;VALUE=DATE:20261207", "DTEND:20261208T100000Z"],
        "DTEND",
        "has a day at one end and a time of day at the other",
    ),
    "half a zone": (["DTSTART:20261207T100000", "DTEND:20261207T110000Z"], "DTEND", "has a time zone at one end only"),
    "a zone of nobody": (
        ["DTSTART;TZID=Atlantis:20261207T100000"],
        "DTSTART",
        'names the time zone "Atlantis", which nobody knows',
    ),
    "a continent": (
        ["DTSTART;TZID=Europe:20261207T100000"],
        "DTSTART",
        'names the time zone "Europe", which nobody knows',
    ),
    "prose": (
        ["DTSTART;VALUE=DATE:20261207", "and so on"],
        "BEGIN:VEVENT",
        "has a line that is no property of an event",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_event_is_told_with_file_line_and_name(tmp_path, case):
    lines, part, sentence = BROKEN[case]
    good = event("DTSTART;VALUE=DATE:20261231", "SUMMARY:Good", uid="0")
    text = ical(good, event(*lines, "SUMMARY:Outing"))
    (tmp_path / "company.ics").write_text(text, "utf-8")
    line = next(number for number, content in enumerate(text.split("\n"), 1) if content.startswith(part) and number > 7)

    with pytest.raises(ValueError, match="Outing") as refused:
        read_company_days(tmp_path / "company.ics")

    assert str(refused.value) == f"{tmp_path / 'company.ics'}, line {line}: the event “Outing” {sentence}"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", NOT_WHOLE),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261207\n", NOT_WHOLE),
        (b"BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261207\nEND:VEVENT\n", NOT_WHOLE),
        (b"BEGIN:VCALENDAR\n\n<html>\n", ", line 3: is no line of the iCal format, such as SUMMARY:Works outing"),
        (b"BEGIN:VCALENDAR\nSUMMARY:caf\xe9\n", ", line 2: is not UTF-8 text; save the file as UTF-8"),
        (b"x" * 1_000_001, " has more than 1000000 bytes; export a calendar that holds the company's closed days only"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_calendar_is_told(tmp_path, content, sentence):
    (tmp_path / "company.ics").write_bytes(content)

    with pytest.raises(ValueError, match=r"company\.ics") as refused:
        read_company_days(tmp_path / "company.ics")

    assert str(refused.value) == f"{tmp_path / 'company.ics'}{sentence}"


def test_a_whole_diary_is_refused(read):
    busy = [event("DTSTART:20200106T100000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY", uid=str(n)) for n in range(120)]

    with pytest.raises(ValueError, match="closes more than 5000 days and hours; export a calendar that holds"):
        read(*busy)


def test_whatever_is_in_the_file_is_read_or_refused_with_a_sentence(tmp_path):
    good = ical(
        event("DTSTART;VALUE=DATE:20211224", "RRULE:FREQ=YEARLY;UNTIL=20300101", "EXDATE;VALUE=DATE:20231224"),
        event("RECURRENCE-ID;VALUE=DATE:20221224", "DTSTART;VALUE=DATE:20221223", "SUMMARY:Moved"),
        event("DTSTART;TZID=Europe/Rome:20260724T100000", "DURATION:PT2H", "RRULE:FREQ=MONTHLY;COUNT=7", uid="2"),
    )
    file, chance, refused, kept = tmp_path / "company.ics", random.Random(11), 0, 0
    for _ in range(400):
        letters = list(good)
        for _ in range(chance.choice([1, 1, 2, 5])):
            at = chance.randrange(len(letters))
            until = at + chance.choice([0, 1, 1, 20])
            letters[at:until] = chance.choice(["", "\n", "9", ";", ":", "\0", "DTSTART:x\n"])
        file.write_text("".join(letters), "utf-8")
        try:
            read_company_days(file)
            kept += 1
        except ValueError as error:
            assert str(error).startswith(str(file)), "".join(letters)  # noqa: PT017 - any other error fails the test
            refused += 1
    assert min(refused, kept) > 40


# --- in the configuration


def test_the_path_starts_at_the_configuration_file(tmp_path):
    (tmp_path / "closed").mkdir()
    outing = ical(event("DTSTART;VALUE=DATE:20261123", "SUMMARY:Outing"))
    (tmp_path / "closed" / "company.ics").write_text(outing, "utf-8")

    settings = load(changed(HOUSE, f'{HOUSE}\ncompany_days = "closed/company.ics"'), folder=tmp_path)

    assert settings.calendar_for("billing").closed_because(dt.date(2026, 11, 23)) == "Outing"
    assert str(settings.organisation.model_dump()["company_days"]) == str(tmp_path / "closed" / "company.ics")


def test_the_file_of_a_department_is_added_and_dates_of_the_configuration_win(tmp_path):
    (tmp_path / "house.ics").write_text(
        ical(
            event("DTSTART;VALUE=DATE:20261123", "SUMMARY:House"),
            event("DTSTART;VALUE=DATE:20261130", "SUMMARY:House", uid="2"),
            event("DTSTART:20261127T100000", "DURATION:PT1H", "SUMMARY:All hands", uid="3"),
        ),
        "utf-8",
    )
    (tmp_path / "billing.ics").write_text(
        ical(
            event("DTSTART;VALUE=DATE:20261123", "SUMMARY:Billing"),
            event("DTSTART;VALUE=DATE:20261207", "SUMMARY:Billing", uid="2"),
        ),
        "utf-8",
    )
    text = changed(HOUSE, f'{HOUSE}\ncompany_days = "house.ics"\nhalf_days = {{ 2026-11-30 = ["09:00-10:00"] }}')
    text = text.replace('label = "Billing"', 'label = "Billing"\ncompany_days = "billing.ics"')

    settings = load(text, folder=tmp_path)
    billing, product = settings.calendar_for("billing"), settings.calendar_for("product")

    assert billing.closed_because(dt.date(2026, 11, 23)) == "Billing"
    assert product.closed_because(dt.date(2026, 11, 23)) == "House"
    assert billing.closed_because(dt.date(2026, 12, 7)) == "Billing"
    assert product.closed_because(dt.date(2026, 12, 7)) is None
    assert billing.is_open(dt.datetime(2026, 11, 30, 9, tzinfo=ROME))
    assert not billing.is_open(dt.datetime(2026, 11, 30, 10, tzinfo=ROME))
    assert not billing.is_open(dt.datetime(2026, 11, 27, 10, 30, tzinfo=ROME))


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ('"none.ics"', "{folder}/none.ics cannot be read (no such file or directory)"),
        ('"."', "{folder} cannot be read (is a directory)"),
        ('""', 'is the path of an iCal file, such as "company.ics"'),
        ("7", 'is the path of an iCal file, such as "company.ics"'),
        ('"a\\u0000b"', "'{folder}/a\\x00b' is not a path"),
        ('"bad.ics"', "{folder}/bad.ics, line 1: is no line of the iCal format, such as SUMMARY:Works outing"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_mistake_of_its_key(tmp_path, written, sentence):
    (tmp_path / "bad.ics").write_text("closed on mondays", "utf-8")
    text = SAMPLE.replace('label = "Billing"', f'label = "Billing"\ncompany_days = {written}')

    told = [str(problem) for problem in problems_of(text, folder=tmp_path)]

    line = line_of(text, "company_days")
    assert told == [f"{FILE}:{line}: departments.billing.company_days: {sentence.format(folder=tmp_path)}"]


def test_a_file_that_closes_nothing_is_advised_against(tmp_path):
    (tmp_path / "old.ics").write_text(ical(event("DTSTART;VALUE=DATE:20011224")), "utf-8")

    settings = load(changed(HOUSE, f'{HOUSE}\ncompany_days = "old.ics"'), folder=tmp_path)

    told = [problem.sentence for problem in settings.warnings if problem.key == "organisation.company_days"]
    assert told == [f"{tmp_path / 'old.ics'} closes nothing from 2020 to 2040"]


def test_days_that_were_read_can_be_handed_over():
    outing = CompanyDays(file="none", days=((dt.date(2026, 11, 23), "Outing"),), hours=())

    assert Organisation(name="Acme", timezone="UTC", company_days=outing).company_days is outing
