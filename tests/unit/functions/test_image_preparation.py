"""Any bytes become a small RGB image or a named error; `tests/images` has hostile files."""

import struct
import warnings
from io import BytesIO
from typing import Any

import pytest
from PIL import (
    ExifTags,
    Image,
    ImageChops,
    ImageCms,
    ImageDraw,
    ImageOps,
    ImageStat,
    PngImagePlugin,
)

from functions.serialize_image.image_preparation import (
    CorruptImageError,
    EmptyImageError,
    ImageSource,
    ImageTooLargeError,
    PreparedImage,
    UnsupportedImageFormatError,
    prepare_image,
    refuse_too_many_bytes,
)
from tests.images.formats import (
    FORMATS,
    bmp,
    encode,
    heic,
    jpeg_claiming,
    jpeg_repeating_its_last_scan,
    jpeg_segment,
    jpeg_with,
    noise,
    png,
    scene,
)


def decoded(prepared: PreparedImage) -> Image.Image:
    image = Image.open(BytesIO(prepared.data))
    image.load()
    return image


def colour(prepared: PreparedImage, x: int = 0, y: int = 0) -> tuple[int, int, int]:
    """One pixel, rounded to 16 levels a channel, so that a lossy format does not matter."""
    red, green, blue = decoded(prepared).getpixel((x, y))  # type: ignore[misc]
    return round(red / 17) * 17, round(green / 17) * 17, round(blue / 17) * 17


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize("image_format", FORMATS)
def test_prepare_image_allowed_format_names_its_source(image_format: str) -> None:
    data = encode(scene(48, 32), image_format)
    assert ImageSource(image_format, 48, 32, len(data)) == prepare_image(data).source


@pytest.mark.parametrize("image_format", FORMATS)
def test_prepare_image_small_image_becomes_png_of_its_size(image_format: str) -> None:
    prepared = prepare_image(encode(Image.new("RGB", (48, 32), (255, 0, 0)), image_format))
    assert "image/png" == prepared.content_type
    assert 48 == prepared.width
    assert 32 == prepared.height
    assert (255, 0, 0) == colour(prepared, 24, 16)


def test_prepare_image_small_image_loses_no_pixel() -> None:
    image = noise(64, 64)
    assert image.tobytes() == decoded(prepare_image(encode(image, "PNG"))).tobytes()


@pytest.mark.parametrize("image_format", ["GIF", "PNG", "WEBP"])
def test_prepare_image_animation_gives_first_frame(image_format: str) -> None:
    frames = [Image.new("RGB", (20, 20), name) for name in ("red", "blue")]
    data = encode(frames[0], image_format, save_all=True, append_images=frames[1:])
    assert (255, 0, 0) == colour(prepare_image(data))


def test_prepare_image_phone_picture_pair_counts_as_jpeg() -> None:
    data = encode(
        Image.new("RGB", (20, 20), "red"),
        "MPO",
        save_all=True,
        append_images=[Image.new("RGB", (20, 20))],
    )
    prepared = prepare_image(data)
    assert "JPEG" == prepared.source.format
    assert (255, 0, 0) == colour(prepared)


# ------------------------------------------------------------------ modes


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA"])
def test_prepare_image_any_png_mode_becomes_rgb(mode: str) -> None:
    image = (
        Image.new("RGBA", (10, 10), "white")
        .convert("RGB")
        .convert("L" if mode == "LA" else "RGB")
        .convert(mode)
    )
    saved = image.convert("RGBA") if mode == "PA" else image
    prepared = prepare_image(encode(saved, "PNG"))
    assert "RGB" == decoded(prepared).mode
    assert (255, 255, 255) == colour(prepared)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("L", 102, (102, 102, 102)),
        ("RGB", (255, 102, 0), (255, 102, 0)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
    ],
)
def test_prepare_image_any_jpeg_mode_becomes_rgb(
    mode: str, value: Any, expected: tuple[int, int, int]
) -> None:
    assert expected == colour(
        prepare_image(encode(Image.new(mode, (16, 16), value), "JPEG", quality=95))
    )


@pytest.mark.parametrize("image_format", ["PNG", "WEBP"])
def test_prepare_image_transparent_pixels_become_white(image_format: str) -> None:
    assert (255, 255, 255) == colour(
        prepare_image(encode(Image.new("RGBA", (10, 10), (255, 0, 0, 0)), image_format))
    )


def test_prepare_image_half_transparent_pixels_mix_with_white() -> None:
    assert (255, 136, 136) == colour(
        prepare_image(encode(Image.new("RGBA", (10, 10), (255, 0, 0, 119)), "PNG"))
    )


@pytest.mark.parametrize("image_format", ["GIF", "PNG"])
def test_prepare_image_transparent_palette_entry_becomes_white(image_format: str) -> None:
    image = Image.new("P", (10, 10), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    assert (255, 255, 255) == colour(prepare_image(encode(image, image_format, transparency=0)))


def test_prepare_image_transparent_colour_becomes_white() -> None:
    data = encode(Image.new("RGB", (10, 10), (255, 0, 0)), "PNG", transparency=(255, 0, 0))
    assert (255, 255, 255) == colour(prepare_image(data))


@pytest.mark.parametrize(
    ("level", "expected"), [(0, 0), (0x1100, 17), (0x8888, 136), (0xFFFF, 255)]
)
def test_prepare_image_16_bit_grey_is_scaled_not_clipped(level: int, expected: int) -> None:
    data = png(1, 1, 16, 0, b"\0" + struct.pack(">H", level))
    assert (expected,) * 3 == colour(prepare_image(data))


@pytest.mark.parametrize(
    ("transparent", "expected"), [(0x8888, 255), (0x8887, 136), (0x88, 136), (0xFFFF, 136)]
)
def test_prepare_image_transparent_level_of_16_bit_grey_becomes_white(
    transparent: int, expected: int
) -> None:
    data = png(1, 1, 16, 0, b"\0\x88\x88", (b"tRNS", struct.pack(">H", transparent)))
    assert (expected,) * 3 == colour(prepare_image(data))


def test_prepare_image_16_bit_rgb_is_scaled() -> None:
    assert (255, 136, 0) == colour(prepare_image(png(1, 1, 16, 2, b"\0\xff\xff\x88\x88\0\0")))


# --------------------------------------------------- orientation, metadata


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("image_format", "size"), [("JPEG", (640, 320)), ("PNG", (48, 32)), ("WEBP", (48, 32))]
)
def test_prepare_image_orientation_turns_pixels_upright(
    orientation: int, image_format: str, size: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = encode(scene(*size), image_format, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    prepared = decoded(prepare_image(data))
    assert difference(upright.resize(prepared.size, Image.Resampling.BICUBIC), prepared) < 4


def test_prepare_image_first_of_two_orientations_counts() -> None:
    def exif(orientation: int) -> bytes:
        tiff = struct.pack("<4sIHHHIII", b"II*\0", 8, 1, 0x112, 3, 1, orientation, 0)
        return jpeg_segment(0xE1, b"Exif\0\0" + tiff)

    prepared = prepare_image(jpeg_with(exif(6) + exif(1)))
    assert (48, 64) == (prepared.width, prepared.height)


def test_prepare_image_damaged_exif_counts_as_upright() -> None:
    data = encode(scene(48, 32), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(range(40)))
    assert (48, 32) == (prepare_image(data).width, prepare_image(data).height)


@pytest.mark.parametrize("size", [(48, 32), (640, 320)])
def test_prepare_image_metadata_is_dropped(size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encode(
        scene(*size), "JPEG", exif=exif, icc_profile=profile, comment=b"a secret", dpi=(300, 300)
    )
    assert set() == set(decoded(prepare_image(data)).info) - {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
    }


def test_prepare_image_png_text_is_dropped() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "a secret", zip=True)
    assert b"secret" not in prepare_image(encode(scene(48, 32), "PNG", pnginfo=text)).data


# ------------------------------------------------------------ size, quality


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((256, 256), (256, 256)),
        ((1, 1), (1, 1)),
        ((257, 257), (256, 256)),
        ((1600, 1200), (341, 256)),
        ((1200, 1600), (256, 341)),
        ((200, 300), (200, 300)),
        ((1536, 512), (768, 256)),
        ((1536, 256), (768, 128)),
        ((10_000, 1), (768, 1)),
        ((1, 10_000), (1, 768)),
    ],
)
@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_prepare_image_any_shape_is_scaled_to_fit(
    image_format: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    prepared = prepare_image(encode(Image.new("RGB", size, "navy"), image_format))
    assert expected == (prepared.width, prepared.height)
    assert expected == decoded(prepared).size


@pytest.mark.parametrize(
    ("side", "expected"), [(256, "image/png"), (257, "image/jpeg"), (512, "image/jpeg")]
)
def test_prepare_image_only_small_image_becomes_png(side: int, expected: str) -> None:
    assert expected == prepare_image(encode(scene(side, side), "PNG")).content_type


def test_prepare_image_12_megapixel_photo_passes() -> None:
    prepared = prepare_image(encode(scene(4000, 3000), "JPEG"))
    assert "image/jpeg" == prepared.content_type
    assert 341 == prepared.width
    assert 256 == prepared.height


def test_prepare_image_photo_keeps_jpeg_quality_85() -> None:
    quality_85: Any = Image.open(BytesIO(encode(scene(16, 16), "JPEG", quality=85)))
    prepared: Any = decoded(prepare_image(encode(scene(1600, 1200), "JPEG")))
    assert prepared.quantization[0][0] <= quality_85.quantization[0][0]


def lines() -> Image.Image:
    """Return a drawing of thin coloured lines."""
    image = Image.new("RGB", (341, 256), "white")
    draw = ImageDraw.Draw(image)
    for number in range(0, 341, 24):
        draw.line((number, 0, 340 - number, 255), fill=("red", "blue", "lime")[number // 24 % 3])
    return image


@pytest.mark.parametrize("image_format", ["PNG", "BMP"])
def test_prepare_image_thin_lines_of_a_drawing_keep_their_colour(image_format: str) -> None:
    halved = encode(lines(), "JPEG", quality=90)
    worst = difference(lines(), Image.open(BytesIO(halved)))
    prepared = prepare_image(encode(lines(), image_format))
    assert difference(lines(), decoded(prepared)) < worst / 2


def test_prepare_image_dense_drawing_loses_colour_before_quality() -> None:
    dense = noise(341, 256).resize((682, 512))
    prepared: Any = decoded(prepare_image(encode(dense, "PNG")))
    halved: Any = decoded(prepare_image(encode(dense, "JPEG", quality=100, subsampling=0)))
    assert halved.quantization == prepared.quantization


def test_prepare_image_photo_in_jpeg_keeps_halved_colours() -> None:
    prepared: Any = decoded(prepare_image(encode(scene(640, 480), "JPEG")))
    assert (2, 2) == prepared.layer[0][1:3]


def test_prepare_image_reduced_decoding_looks_like_full_decoding() -> None:
    data = encode(scene(1600, 1200), "JPEG", quality=95)
    full = Image.open(BytesIO(data)).resize((341, 256), Image.Resampling.BICUBIC)
    assert difference(full, decoded(prepare_image(data))) < 2


@pytest.mark.parametrize("size", [(200, 200), (256, 256), (257, 257), (768, 256), (2304, 768)])
def test_prepare_image_noise_fits_the_state(size: tuple[int, int]) -> None:
    prepared = prepare_image(encode(noise(*size), "PNG"))
    assert "image/jpeg" == prepared.content_type
    assert len(prepared.data) <= 45_000


def test_prepare_image_noise_loses_quality_before_size() -> None:
    prepared = prepare_image(encode(noise(256, 256), "PNG"))
    assert (256, 256) == (prepared.width, prepared.height)


# ----------------------------------------------------------------- refusals


def test_prepare_image_no_bytes_is_empty() -> None:
    with pytest.raises(EmptyImageError, match="0 bytes"):
        prepare_image(b"")


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"hello", "in an unknown format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "in an unknown format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "in an unknown format"),
        (b"%PDF-1.7\n", "in PDF format"),
        (encode(scene(8, 8), "TIFF"), "in TIFF format"),
    ],
)
def test_prepare_image_other_format_is_unsupported(data: bytes, named: str) -> None:
    with pytest.raises(UnsupportedImageFormatError, match=named):
        prepare_image(data)


def test_prepare_image_too_many_bytes_is_too_large() -> None:
    with pytest.raises(ImageTooLargeError, match=r"26\.0 MB; at most 25 MB"):
        refuse_too_many_bytes(26_000_000)


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (png(5001, 5000, 8, 2), "5001 x 5000 = 25.0 megapixels; at most 25 "),
        (png(10_000, 9_000, 8, 2), "at most 25 "),  # Pillow warns of a decompression bomb
        (png(50_000, 50_000, 8, 2), "at most 25 "),  # Pillow refuses one
        (jpeg_claiming(10_001, 10_000), "at most 100 "),
        (bmp(5001, 5000, 8, 1, bytes(99)), "at most 25 "),
        (png(65_536, 1, 8, 2), "65536 x 1 pixels; at most 65,535 a side "),
    ],
)
def test_prepare_image_too_many_pixels_is_too_large(data: bytes, limit: str) -> None:
    with pytest.raises(ImageTooLargeError, match=limit):
        prepare_image(data)


def test_prepare_image_jpeg_of_96_megapixels_passes() -> None:
    prepared = prepare_image(
        jpeg_claiming(12_000, 8_000)
    )  # libjpeg fills in grey for the pixels that are not there
    assert (384, 256) == (prepared.width, prepared.height)


@pytest.mark.parametrize(
    ("data", "needed"),
    [
        (
            jpeg_claiming(10_000, 9_600, "CMYK", progressive=True),
            "10000 x 9600 pixels takes 768 MB",
        ),
        (heic("transparent-50-megapixels"), "HEIC image of 8000 x 6250 pixels takes 1,200 MB"),
    ],
)
def test_prepare_image_too_much_to_hold_while_decoding_is_too_large(
    data: bytes, needed: str
) -> None:
    with pytest.raises(
        ImageTooLargeError, match=rf"{needed} to decode; at most 750 MB are allowed"
    ):
        prepare_image(data)


def test_prepare_image_64_megapixel_progressive_jpeg_passes() -> None:
    assert "image/jpeg" == prepare_image(jpeg_claiming(9248, 6936, progressive=True)).content_type


def test_prepare_image_endless_progressive_jpeg_is_corrupt() -> None:
    data = jpeg_repeating_its_last_scan(encode(scene(64, 64), "JPEG", progressive=True), 100)
    with pytest.raises(CorruptImageError, match="scans"):
        prepare_image(data)


def test_prepare_image_out_of_memory_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_args: object, **_options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", no_memory)
    with pytest.raises(ImageTooLargeError, match="memory"):
        prepare_image(encode(scene(8, 8), "JPEG"))


@pytest.mark.parametrize("image_format", FORMATS)
def test_prepare_image_cut_in_half_is_corrupt(image_format: str) -> None:
    data = encode(noise(64, 48), image_format)
    with pytest.raises(CorruptImageError, match=f"The {image_format} image is damaged or cut off"):
        prepare_image(data[: len(data) // 2])


def test_prepare_image_corrupt_image_keeps_the_decoders_words_as_cause() -> None:
    with pytest.raises(CorruptImageError) as caught:
        prepare_image(encode(noise(64, 48), "JPEG")[:2000])
    assert "truncated" in str(caught.value.__cause__)


def test_prepare_image_warnings_of_decoders_stay_inside() -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\xff\0\0\0\xff\xff\0\0"
    with warnings.catch_warnings(record=True) as seen:
        prepare_image(encode(scene(48, 32), "JPEG", exif=exif))
    assert [] == seen


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference a channel, of 255."""
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)
