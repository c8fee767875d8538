"""HTML of posts as plain text: what people wrote, and nothing that anybody smuggled in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.html_text import plain_text
from tests.connectors.corpus import HOSTILE
from tests.connectors.fake_mastodon import rendered

OURS = {"brand", "brand@social.example", "https://social.example/@brand"}


def mention(name: str, address: str) -> str:
    return f'<span class="h-card"><a href="{address}" class="u-url mention">@<span>{name}</span></a></span>'


US = mention("brand", "https://social.example/@brand")
BOB = mention("bob", "https://other.example/@bob")
SPLIT_LINK = (
    '<a href="https://x.example/long/path"><span class="invisible">https://</span>'
    '<span class="ellipsis">x.example/lo</span><span class="invisible">ng/path</span></a>'
)
NAMESAKE = mention("brand", "https://other.example/@brand")


@pytest.mark.parametrize("text", HOSTILE)
def test_mastodons_own_rendering_is_undone(text):
    assert plain_text(rendered(text)) == text


@given(st.text(alphabet="ab <>&\"'\n#@/", max_size=80))
def test_rendering_is_undone_for_any_text(text):
    lines = "\n".join(line.strip() for line in text.strip().split("\n"))
    while "\n\n\n" in lines:
        lines = lines.replace("\n\n\n", "\n\n")
    assert plain_text(rendered(lines)) == lines


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<p>a</p>\n\n<p>b<br>c<br/>d</p>\n", "a\n\nb\nc\nd"),
        ("<p>a<br />\nb</p>", "a\nb"),
        ("<p>one\ntwo</p>", "one two"),
        ("<p></p><p> </p><p>a</p>", " \n\na"),
        ("a  b\N{NO-BREAK SPACE}c&nbsp;d", "a  b\N{NO-BREAK SPACE}c\N{NO-BREAK SPACE}d"),
        ("<pre>a\n  b</pre><p>c</p>", "a\n  b\n\nc"),
        ("<blockquote><p>a</p></blockquote>b", "a\n\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<b>a</b><i>b</i><table><tr><td>c</td></tr></table>", "abc"),
        ('<img src="https://x.example/1.png" alt=":fish:"> a', ":fish: a"),
    ],
)
def test_structure(html, text):
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("&lt;b&gt; &amp; &#39; &quot; &eacute;", "<b> & ' \" é"),
        ("&amp;lt;!channel&amp;gt;", "&lt;!channel&gt;"),
        ("&amp;amp;amp;", "&amp;amp;"),
        ('<a href="https://x.example/?a=1&amp;amp=2">x</a>', "x (https://x.example/?a=1&amp=2)"),
    ],
)
def test_entities_are_decoded_once(html, text):
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (SPLIT_LINK, "https://x.example/long/path"),
        ('<a href="https://x.example/long">x.example/long</a>', "https://x.example/long"),
        ('<a href="https://x.example/">https://X.example</a>', "https://X.example"),
        ('<a href="https://evil.example/">https://bank.example/</a>', "https://bank.example/ (https://evil.example/)"),
        ('<a href="https://bank.example@evil.example/">bank.example</a>', "bank.example (https://bank.example@evil.example/)"),
        ('<a href="https://evil.example/">click here</a>', "click here (https://evil.example/)"),
        ('<a href="https://evil.example/" class="mention">https://bank.example</a>', "https://bank.example (https://evil.example/)"),
        ('<a href="https://x.example/"></a>', "https://x.example/"),
        ('<a href="https://x.example/tags/a" class="mention hashtag">#<span>a</span></a>', "#a"),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ('<a href="data:text/html,x">x</a>', "x"),
        ('<a href="https://x.example/a">one<p>two</p>', "one (https://x.example/a)\n\ntwo"),
        ('<a href="https://[::1">odd</a>', "odd"),
        ('<a href="https://[::1]/">odd</a>', "odd (https://[::1]/)"),
        ('<a href="https://x.example/caf%C3%A9">https://x.example/café</a>', "https://x.example/café"),
    ],
)  # fmt: skip
def test_links_show_where_they_lead(html, text):
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f"<p>{US} hello</p>", "hello"),
        (f"<p>{US}</p><p>hello</p>", "hello"),
        (f"<p>{US}<br>hello</p>", "hello"),
        (f"<p>{US} {US} hello</p>", "hello"),
        (f"<p>{US} {BOB} hello</p>", "@bob hello"),
        (f"<p>{BOB} {US} hello</p>", "@bob @brand hello"),
        (f"<p>hello {US}</p>", "hello @brand"),
        (f"<p>{US}, hello</p>", "@brand, hello"),
        (f"<p>{US}</p>", "@brand"),
        ("<p>@brand hello</p>", "hello"),
        ("<p>@Brand@Social.example hello</p>", "hello"),
        ("<p>@brand@other.example hello</p>", "@brand@other.example hello"),
        ("<p>@brands hello</p>", "@brands hello"),
    ],
)
def test_only_the_leading_mention_of_us_is_left_out(html, text):
    assert plain_text(html, ours=OURS) == text


def test_a_namesake_elsewhere_stays_named():
    assert plain_text(f"<p>{NAMESAKE} hello</p>", ours={"https://social.example/@brand"}) == "@brand hello"


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>a", "<style>p{}</style>a", "<!-- <p>x</p> -->a", "<svg onload=alert(1)></svg>a",
        "<iframe src=https://x.example></iframe>a", "<p onclick=alert(1)>a</p>", "<?php echo 1 ?>a",
        "a<script>never closed", "<math><mtext><script>x</script></mtext></math>a", "<noscript></noscript>a",
    ],
)  # fmt: skip
def test_nothing_but_text_comes_through(html):
    assert plain_text(html).strip() == "a"


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "html",
    ["<" * 300_000, "<a" * 150_000, "<![CDATA[" * 30_000, "<!--" * 50_000, "&" * 300_000, "<b>" * 50_000,
     "<a href=x>" * 20_000, "<p>" * 50_000, "</p>" * 50_000, "<br>" * 50_000, '<a href="' * 20_000, "<ul><li>" * 50_000,
     "<div>" * 90_000, "<ul><li>a</li></ul>" * 25_000],
)  # fmt: skip
def test_hostile_markup_is_read_quickly(html):
    plain_text(html)


def test_overlong_html_is_cut_visibly():
    text = plain_text("<p>" + "a" * 1_000_000)
    assert len(text) < 500_010
    assert text.endswith("[\N{HORIZONTAL ELLIPSIS}]")


@settings(max_examples=200)
@given(st.text(alphabet="<>/abp =\"'&;!-[]ahrefclsmention@#:", max_size=200))
def test_any_markup_is_read(html):
    assert isinstance(plain_text(html, ours=OURS), str)
