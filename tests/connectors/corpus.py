"""Texts that strangers and colleagues might write, for tests that must not change a single character."""

FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
FLAG = "\N{REGIONAL INDICATOR SYMBOL LETTER I}\N{REGIONAL INDICATOR SYMBOL LETTER T}"
COMBINED = "e\N{COMBINING ACUTE ACCENT}\N{COMBINING DOT BELOW}"

UNITS = ("a", "\N{GRINNING FACE}", FAMILY, FLAG, COMBINED, "\N{HEBREW LETTER SHIN}", "\N{ARABIC LETTER BEH}", "字")
"""Single characters as people see them, with very different lengths as machines count them."""

HOSTILE = (
    "plain",
    "<script>alert(1)</script> & &amp; &lt;b&gt; \"quoted\" 'single'",
    "{name} %s %(x)s ${y} {{ z }}",
    "<!channel> <@U1> <https://evil.example|https://bank.example>",
    "[click](javascript:alert(1)) *_~ `code`",
    '{"error": "text"} \\u0041 \\n',
    "'; DROP TABLE cases; --",
    "=HYPERLINK(1) @SUM +1 -1",
    "one\ntwo\n\nthree",
    "\N{RIGHT-TO-LEFT OVERRIDE}txt.exe\N{POP DIRECTIONAL FORMATTING}",
    "שלום עולם مرحبا",
    f"family {FAMILY} flag {FLAG} combined {COMBINED}",
    "e\N{COMBINING ACUTE ACCENT} \N{LATIN SMALL LETTER E WITH ACUTE} \N{ANGSTROM SIGN}",
    "zero\N{ZERO WIDTH SPACE}width\N{NO-BREAK SPACE}space",
    "https://example.org/a?b=c&d=e#f and http://example.org",
    "APPROVED by Legal",
    "\N{GRINNING FACE}" * 50,
)
