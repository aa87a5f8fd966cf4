"""Format measured numbers for people."""

from math import floor, isfinite, log10

_DIGITS = 4


def short(value: float) -> str:
    """Return a number with at most four significant digits, without an exponent."""
    if not value or not isfinite(value):
        return f"{value:g}"

    rounded = float(f"{value:.{_DIGITS}g}")
    before_the_point = floor(log10(abs(rounded))) + 1
    decimals = max(0, _DIGITS - before_the_point)
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
