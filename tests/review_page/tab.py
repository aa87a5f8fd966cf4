"""A tab of a browser that shows the review page."""

from collections.abc import Callable
from time import monotonic
from typing import Any

PATIENCE = 10_000  # milliseconds
# Wraps code that a test runs in the page. A module is loaded once: the test sees the page's state.
WITH_MODULES = """async (argument) => {
  const { state, element, keep, shownWall } = await import("/page/state.js");
  const { claim } = await import("/page/claims.js");
  const { send } = await import("/page/answers.js");
  const { refuse } = await import("/page/messages.js");
  return %s;
}"""


class Tab:
    """A tab of a browser, and the errors in its console."""

    def __init__(self, page: Any) -> None:
        self.context = page.context
        self.page = page
        self.page.set_default_timeout(PATIENCE)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._logged)

    def _logged(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def open(self, address: str) -> "Tab":
        """Open the page and wait for its first picture."""
        self.page.goto(address)
        self.await_picture()
        return self

    def run(self, code: str, argument: Any = None) -> Any:
        """Run JavaScript with the names that the page's modules export; return its last value."""
        return self.page.evaluate(WITH_MODULES % code, argument)

    def wait(self, condition: str, argument: Any = None) -> None:
        """Wait until a JavaScript expression is true.

        Playwright's own `wait_for_function` needs `eval`, which the page's policy forbids.
        """
        self._until(lambda: self.run(condition, argument), condition)

    def wait_for_title(self, title: str) -> None:
        """Wait for the title of any page."""
        self._until(lambda: self.page.title() == title, title)

    def _until(self, is_so: Callable[[], object], wanted: str) -> None:
        deadline = monotonic() + PATIENCE / 1000
        while not is_so():
            assert monotonic() < deadline, f"not yet: {wanted}: {self.page.inner_text('body')}"
            self.page.wait_for_timeout(10)

    def await_progress(self, text: str) -> None:
        """Wait for the counts of answered and waiting images."""
        self.wait("element('progress').textContent === argument", text)

    def await_picture(self) -> None:
        """Wait until the shown picture is loaded."""
        self.wait("Boolean(state.images[0]?.settled)")

    def await_wall(self) -> None:
        """Wait until all pictures of a wall are loaded."""
        self.wait("shownWall().length > 0 && shownWall().every((image) => image.settled)")

    @property
    def tiles(self) -> list[tuple[str, str]]:
        """The name and the key of each image on the wall."""
        found = self.run("shownWall().map((one, place) => [one.name, place])")
        keys = self.run("[...element('tiles').children].map((tile) => tile.dataset.key)")
        return [(name, keys[place]) for name, place in found]

    @property
    def marked(self) -> list[str]:
        """The names of the exceptions on the wall."""
        chosen = "element('tiles').children[place].ariaSelected === 'true'"
        return list(self.run(f"shownWall().filter((_, place) => {chosen}).map((one) => one.name)"))

    @property
    def name(self) -> str:
        """The name of the image on the screen."""
        return str(self.page.inner_text("#name"))

    def press(self, key: str) -> str:
        """Press a key once the picture is there; return the name of the image that was shown."""
        self.await_picture()
        name = self.name
        self.page.keyboard.press(key)
        return name

    def await_sent(self) -> None:
        """Wait until the server has confirmed all answers."""
        self.wait("state.outbox.length === 0 && !state.sending")

    def await_notice(self, text: str) -> None:
        """Wait for a text in the line about the connection."""
        self.wait("element('notice').textContent.includes(argument)", text)
