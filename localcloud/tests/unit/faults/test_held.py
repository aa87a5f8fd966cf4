"""What is held back comes once: in its time, or when it is released."""

from queue import Queue
from threading import Event

from localcloud.faults.held import HeldDeliveries


def test_delivery_comes_by_itself() -> None:
    came = Event()
    HeldDeliveries().hold(0, came.set)
    assert came.wait(5)


def test_release_delivers_at_once_and_in_another_order() -> None:
    held, delivered = HeldDeliveries(), list[int]()
    for number in range(3):
        held.hold(3600, lambda number=number: delivered.append(number))  # type: ignore[misc]
    held.release()
    assert [2, 1, 0] == delivered


def test_delivery_that_came_by_itself_is_not_released_again() -> None:
    held, delivered = HeldDeliveries(), Queue[str]()
    held.hold(0, lambda: delivered.put("it"))
    delivered.get(timeout=5)
    held.release()
    assert delivered.empty()


def test_delivery_that_was_released_is_not_released_again() -> None:
    held, delivered = HeldDeliveries(), list[str]()
    held.hold(3600, lambda: delivered.append("it"))
    held.release()
    held.release()
    assert ["it"] == delivered
