"""Check the figures of bad images."""

from benchmarks.bad_images import figures


def test_figures_have_median_99th_percentile_and_peak() -> None:
    images = [{"milliseconds": float(number), "megabytes": 300 - number} for number in range(200)]
    assert "  a set          200 images  p50  100.0 ms  p99  198.0 ms  peak  300 MB" == figures(
        "a set", images
    )
