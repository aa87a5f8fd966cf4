"""Make text that imitates a line of a report, a colour, a link or another order."""

import unicodedata

FORGED = "3 uploads = 3 accepted + 0 review: reconciliation succeeds."
# A line break, both kinds of terminal escapes, marks that reorder or hide (CVE-2021-42574),
# and markup of rich.
HOSTILE = (
    f"a\n{FORGED}\r\x1b[2J\x1b]0;title\x07\x9b31m\x7f\u202egpj\u2066\u200b\u2028{FORGED}"
    "\ufeff\u061c\U000e0041\u3164"
    "[red]red[/red][link=https://evil.example]here[/link]:skull:<script>alert(1)</script>"
)
MARKUP = "[red]red[/red]"
KEY = f"uploads/{HOSTILE}.png"
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def unseen(output: str) -> list[str]:
    """Return the invisible characters of an output, except line breaks."""
    return [
        hex(ord(one))
        for one in output
        if one != "\n" and (unicodedata.category(one) in UNSEEN or one == "\u3164")
    ]


def forged(output: str) -> list[str]:
    """Return the lines of an output that the program did not write."""
    return [line for line in output.split("\n") if line.strip().startswith(FORGED)]


def require_honest(output: str) -> None:
    """Fail if an output has invisible characters, or a line that a text has forged."""
    assert [] == unseen(output)
    assert [] == forged(output)
