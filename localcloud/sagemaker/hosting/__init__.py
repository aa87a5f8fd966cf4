"""Host models behind endpoints, and capture and measure their invocations."""
