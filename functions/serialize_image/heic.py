"""Read HEIC with libheif, which the package pi-heif contains.

libheif turns the picture upright as its container says (irot, imir). The orientation in EXIF must
not count then (ISO/IEC 23008-12, 6.5.10). The classes of pi-heif read all metadata, thumbnails and
further images of a file; its extension module, used here, reads none of them.
"""

from typing import Any

from PIL import Image

_THREADS = 1  # the function has one core
_ICC = ("rICC", "prof")  # types of a colour profile; the other type, nclx, has three codes


def read_header(data: bytes) -> Any:
    """Return the primary image of a file, not decoded.

    Raises:
        Exception: any error of the decoder.
    """
    import _pi_heif  # libheif takes 15 ms to load, for HEIC only

    to_8_bits, blue_first, without_gaps, as_16_bits, decoder, unlimited = (
        True,
        False,
        False,
        False,
        "",
        False,
    )
    images = _pi_heif.load_file(
        data, _THREADS, to_8_bits, blue_first, without_gaps, as_16_bits, decoder, unlimited
    )
    return next(image for image in images if image is not None and image.primary)


def decode(header: Any) -> Image.Image:
    """Return the pixels with their colour profile.

    Raises:
        ValueError: the picture has another size than its header says.
        Exception: any error of the decoder.
    """
    size, mode = header.size_mode
    pixels = header.data
    if header.size_mode != (size, mode):
        raise ValueError(f"the picture has {header.size_mode} instead of {size} pixels")

    image = Image.frombytes(mode, size, pixels, "raw", mode, header.stride)
    profile = header.color_profile
    if profile and profile["type"] in _ICC:
        image.info["icc_profile"] = profile["data"]
    return image
