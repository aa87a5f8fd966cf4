"""Hash the motif of an image, so that a photo saved in another way gets nearly the same hash.

The hash is the classic one of the discrete cosine transform (Zauner, "Implementation and
benchmarking of perceptual image hash functions", 2010, section 3.2.1). It compares each low
frequency of 32 x 32 grey levels with the median of these frequencies. Few differing bits mean the
same motif; `hamming_distance` counts them.
"""

from math import cos, pi
from statistics import median

from PIL import Image

SIDE = 32  # pixels of the grey picture
FREQUENCIES = 8  # of each direction; 64 bits
# Frequencies are compared at this precision, so that an even surface has the same hash on every
# processor.
DECIMALS = 3
# At most 4 differing bits find at least 99.7 % of re-saved photos (n = 1,000 for each way to save).
# Of 10,000 CIFAR-10 test photos 12 pairs are as close, and each pair shows one motif twice
# (`python -m benchmarks.perceptual_hash`; the pairs were looked at).
SAME_MOTIF_BITS = 4

_COSINES = [
    [cos(pi * frequency * (2 * pixel + 1) / (2 * SIDE)) for pixel in range(SIDE)]
    for frequency in range(FREQUENCIES)
]


def perceptual_hash(pixels: Image.Image) -> str:
    """Return the 64-bit perceptual hash of RGB pixels as 16 hexadecimal digits."""
    grey = pixels.convert("L").resize((SIDE, SIDE), Image.Resampling.BICUBIC).tobytes()

    rows = [_low_frequencies(grey[start : start + SIDE]) for start in range(0, SIDE * SIDE, SIDE)]
    columns = [_low_frequencies(column) for column in zip(*rows, strict=True)]
    frequencies = [round(value, DECIMALS) for row in zip(*columns, strict=True) for value in row]

    brightness, *detail = frequencies
    middle = median(detail)
    bits = "".join("1" if value > middle else "0" for value in (brightness, *detail))
    return f"{int(bits, 2):016x}"


def hamming_distance(one: str, other: str) -> int:
    """Count the bits in which two perceptual hashes differ, from 0 to 64."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _low_frequencies(levels: bytes | tuple[float, ...]) -> list[float]:
    return [
        sum(level * cosine for level, cosine in zip(levels, cosines, strict=True))
        for cosines in _COSINES
    ]
