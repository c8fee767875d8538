"""The pictures of a digest: sharp on a phone, readable on every background, and the same in words."""

import io
import subprocess
import sys
import threading
from datetime import date

import pytest
from PIL import Image

from bots.charts import EDGE, INK, MARKED, PAPER, QUIET, STRONG, WIDTH, draw, in_words
from escalation.digest import digest_view
from escalation.language import Day, Reader, say
from escalation.views import Bar, BarChart, Column, ColumnChart
from tests.unit.test_digest import digest, labelled, weekly

WHITE, SLACK_DARK = "#ffffff", "#1a1d21"


def picture(chart, language="en"):
    return Image.open(io.BytesIO(draw(chart, Reader(language)))).convert("RGBA")


def luminance(colour: str) -> float:
    """Relative luminance as www.w3.org/TR/WCAG22 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(two)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


CHARTS = [digest_view(digest(), labelled).chart, digest_view(weekly(), labelled).chart]


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("chart", CHARTS)
def test_it_fits_a_phone(chart, language):
    drawn = picture(chart, language)
    assert drawn.width == WIDTH
    assert 400 <= drawn.height <= WIDTH
    assert len(draw(chart, Reader(language))) < 200_000


@pytest.mark.parametrize("colour", [INK, QUIET, STRONG, MARKED])
def test_what_is_drawn_stands_out_from_its_own_paper(colour):
    assert contrast(colour, PAPER) >= 4.5


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("background", [WHITE, SLACK_DARK])
def test_the_card_covers_whatever_is_behind_it(chart, background):
    drawn = picture(chart)
    behind = Image.new("RGBA", drawn.size, background)
    behind.alpha_composite(drawn)
    corners = [(0, 0), (drawn.width - 1, 0), (0, drawn.height - 1), (drawn.width - 1, drawn.height - 1)]
    assert {drawn.getpixel(corner)[3] for corner in corners} == {0}, "the corners are round"
    inner = behind.crop((20, 20, drawn.width - 20, drawn.height - 20))
    on_white = Image.new("RGBA", drawn.size, WHITE)
    on_white.alpha_composite(drawn)
    assert inner.tobytes() == on_white.crop((20, 20, drawn.width - 20, drawn.height - 20)).tobytes()
    assert contrast(EDGE if background == WHITE else PAPER, background) >= 3


def bars(*shares: float, marked: int | None = None) -> BarChart:
    return BarChart(
        say("Within target, by step"),
        tuple(
            Bar(
                say("sent"),
                share,
                say("{share} %", share=round(100 * share)),
                None,
                say("slowest") if n == marked else None,
            )
            for n, share in enumerate(shares)
        ),
        say("the day before"),
    )


def test_a_longer_share_is_a_longer_bar():
    strong = tuple(int(STRONG[at : at + 2], 16) for at in (1, 3, 5))
    drawn = [picture(bars(share)).convert("RGB") for share in (0.25, 0.5, 1.0)]
    lengths = [
        max(sum(image.getpixel((x, y)) == strong for x in range(WIDTH)) for y in range(image.height)) for image in drawn
    ]
    assert lengths[0] == pytest.approx(lengths[2] / 4, abs=3)
    assert lengths[1] == pytest.approx(lengths[2] / 2, abs=3)


def test_the_slowest_is_marked_without_its_colour():
    plain, marked = (picture(bars(0.5, 0.5, marked=mark)).convert("L") for mark in (None, 1))
    assert plain.size == marked.size
    grey = marked.crop((40, 240, 500, 290)).getcolors(256)
    assert grey is not None
    assert len({level for _, level in grey if level < 110}) > 0
    assert len({level for _, level in grey if level > 150}) > 0, "a pattern of light lines"


def test_it_says_the_same_in_words():
    assert in_words(CHARTS[0], Reader()) == (
        "Within target, by step: routed 100 % (10 of 10); claimed 90 % (9 of 10); answered 80 % (8 of 10); "
        "approved 56 % (5 of 9), slowest, the day before 80 %; first response 20 % (2 of 10), the day before 100 %."
    )
    words = in_words(CHARTS[1], Reader("it"))
    assert words.startswith("Ricevuti e risposti, per giorno. Prima risposta, mediana. lun 23: niente ricevuto")
    assert "gio 26: risposti: 1 su 3, 3 min" in words


def test_large_numbers_and_empty_days_can_be_drawn():
    columns = tuple(
        Column(say("{day}", day=Day(date(2026, 3, 2 + n), short=True)), whole, done, seconds, say("nothing received"))
        for n, (whole, done, seconds) in enumerate([(98_765, 87_654, 863_000.0), (0, 0, None), (1, 1, 0.2)])
    )
    chart = ColumnChart(say("Received and answered, by day"), say("all received"), say("of them answered"),
                        say("Median first response"), columns)  # fmt: skip
    assert picture(chart).width == WIDTH
    assert picture(bars(0.0, 1.0)).width == WIDTH


def test_formulas_in_words_are_only_words():
    chart = bars(0.5)
    strange = BarChart(say("{text}", text=r"$\frac{1}{0}$ & <b>_{^}"), chart.bars, chart.before)
    assert picture(strange).width == WIDTH


def test_several_threads_may_draw_at_once():
    expected = [draw(chart, Reader()) for chart in CHARTS]
    drawn: dict[int, bytes] = {}
    threads = [threading.Thread(target=lambda n=n: drawn.update({n: draw(CHARTS[n % 2], Reader())})) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [drawn[n] for n in range(6)] == expected * 3


def test_nobody_waits_for_a_slow_library_who_does_not_use_it():
    names = "{'matplotlib', 'icalendar'} & set(sys.modules)"
    code = f"import sys, bots.app, bots.commands.command_line; print({names})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
