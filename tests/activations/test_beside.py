"""Reading ahead and writing behind: the same items, in order, and no failure lost."""

import threading

import pytest

from workflow_scripts.command.beside import ahead, behind


def test_items_come_in_order():
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead([])) == []


def test_one_item_and_no_more_is_made_ahead():
    made = []

    def items():
        for i in range(10):
            made.append(i)
            yield i

    given = ahead(items())
    assert next(given) == 0
    given.close()
    assert made in ([0], [0, 1])


def test_what_fails_ahead_is_raised_after_the_items_before_it():
    def items():
        yield 1
        raise OSError("no more")

    given = ahead(items())
    assert next(given) == 1
    with pytest.raises(OSError, match="no more"):
        next(given)


def test_portions_are_written_in_order_by_another_thread():
    written, threads = [], set()

    def write(portion):
        threads.add(threading.get_ident())
        written.append(portion)

    with behind(write) as later:
        for i in range(100):
            later(i)
    assert written == list(range(100))
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("portions", [1, 2, 5])
def test_what_fails_behind_is_raised(portions):
    def write(portion):
        raise OSError("disk full")

    def write_all():
        with behind(write) as later:
            for i in range(portions):
                later(i)

    with pytest.raises(OSError, match="disk full"):
        write_all()
