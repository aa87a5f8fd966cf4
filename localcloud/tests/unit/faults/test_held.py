"""Deliver held events once: at their time, or at their release."""

from queue import Queue
from threading import Event

from localcloud.faults.held import HeldDeliveries


def test_delivery_arrives_at_its_time() -> None:
    came = Event()
    HeldDeliveries().hold(0, came.set)
    assert came.wait(5)


def test_release_delivers_at_once_and_in_another_order() -> None:
    held = HeldDeliveries()
    delivered = list[int]()
    for number in range(3):
        held.hold(3600, lambda number=number: delivered.append(number))  # type: ignore[misc]
    held.release()
    assert [2, 1, 0] == delivered


def test_delivered_event_is_not_released_again() -> None:
    held = HeldDeliveries()
    delivered = Queue[str]()
    held.hold(0, lambda: delivered.put("it"))
    delivered.get(timeout=5)
    held.release()
    assert delivered.empty()


def test_released_event_is_not_released_again() -> None:
    held = HeldDeliveries()
    delivered = list[str]()
    held.hold(3600, lambda: delivered.append("it"))
    held.release()
    held.release()
    assert ["it"] == delivered
