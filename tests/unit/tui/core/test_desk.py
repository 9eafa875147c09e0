"""The thread of a session goes on, whatever a job does."""

from threading import Event

from tui.core.desk import Desk


def test_a_job_that_raises_is_told_and_the_next_is_done():
    told, done = [], Event()
    desk = Desk("test", told.append)

    def wrong():
        raise ValueError("no")

    desk.submit(wrong)
    desk.submit(done.set)
    assert done.wait(10)
    desk.close(10)
    assert [str(error) for error in told] == ["no"]
    assert not desk.busy
