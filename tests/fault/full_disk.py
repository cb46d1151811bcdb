"""The disk of a sink, a publisher or a subscriber is full, then is not any more. Needs root for a
small file system."""
import os
import pathlib
import signal
import subprocess
import unittest

from nodes import BIN, DIE_WITH_US, FaultTest

TASKS = [f"{task:0100d}" for task in range(20_000)]  # twice what the disk holds


class SmallDisk:
    """A tmpfs of 1 MiB, in a mount namespace that a process of its own keeps."""

    def __init__(self, path):
        path.mkdir()
        self.path = path
        script = f"mount -t tmpfs -o size=1m tmpfs {path} && echo mounted && exec cat"
        command = [*DIE_WITH_US, "unshare", "-m", "sh", "-c", script]
        self.holder = subprocess.Popen(command, text=True, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        if self.holder.stdout.readline() != "mounted\n":
            self.close()
            raise unittest.SkipTest("cannot mount a file system here")

    def inside(self):
        """A prefix for commands that see the disk."""
        return ["nsenter", "-t", str(self.holder.pid), "-m", "--"]

    def view(self):
        """Where we see it from outside."""
        return pathlib.Path(f"/proc/{self.holder.pid}/root{self.path}")

    def grow(self):
        subprocess.run([*self.inside(), "mount", "-o", "remount,size=64m", str(self.path)],
                       check=True)

    def close(self):
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.wait()


@unittest.skipUnless(os.geteuid() == 0, "needs root to mount a small file system")
class FullDiskTest(FaultTest):
    def setUp(self):
        super().setUp()
        self.disk = SmallDisk(self.dir / "disk")
        self.addCleanup(self.disk.close)


class OfASink(FullDiskTest):
    def fill_and_go_on(self, *sink_args):
        ventilator = self.ventilator(self.write_tasks(TASKS))
        worker = self.worker()
        full = self.sink_on_disk(sink_args)
        self.expect_exit(75, full)
        full.wait_line(r"error: .*(out|spool).*[Nn]o space")
        self.assertTrue(ventilator.running(), "the ventilator took lost results for kept")
        self.disk.grow()
        self.expect_exit(0, self.sink_on_disk(sink_args), ventilator, worker)

    def sink_on_disk(self, sink_args):
        return self.node("sink", "-b", self.results_at, "-o", self.disk.path / "out", *sink_args,
                         prefix=self.disk.inside())

    def test_what_was_acked_is_there_and_the_rest_comes_later(self):
        self.fill_and_go_on()
        self.expect_exactly_once(TASKS, self.disk.view() / "out")

    def test_in_order(self):
        self.fill_and_go_on("-k")
        self.expect_in_order(TASKS, self.disk.view() / "out")


class OfAPublisher(FullDiskTest):
    def publisher(self, *args, **streams):
        return self.node("publisher", "-b", f"ipc://{self.dir}/l", "--stream-bind",
                         f"ipc://{self.dir}/p", "--log", self.disk.path / "log", *args,
                         prefix=self.disk.inside(), **streams)

    def logged(self):
        looked = subprocess.run([*self.disk.inside(), BIN / "log", self.disk.path / "log"],
                                check=True, text=True, capture_output=True)
        return looked.stdout.splitlines()

    def publish_and_go_on(self, lines, payloads, *args):
        """Fills the disk, and then does what the error says."""
        reader = self.node("subscriber", "--stream", f"ipc://{self.dir}/p", "-o", self.dir / "read",
                           "-n", len(payloads))
        full = self.publisher(*args, self.write_tasks(lines))
        self.expect_exit(75, full)
        told = full.wait_line(r"error: .*No space.*tail -n \+(\d+) .*of its first (\d+) lines")
        following, kept = map(int, told.groups())
        self.assertEqual(following, kept + 1)
        logged = self.logged()
        self.assertEqual(logged, payloads[:len(logged)])
        read = self.results(self.dir / "read")
        self.assertEqual(read, logged[:len(read)], "a reader saw what is not in the log")
        self.assertTrue(0 < len(logged) < len(payloads))
        self.disk.grow()
        rest = self.publisher(*args, "--stay", self.write_tasks(lines[kept:]))
        self.expect_exit(0, reader)
        rest.signal(signal.SIGTERM)
        self.expect_exit(0, rest)
        self.assertEqual(self.logged(), payloads)
        self.expect_in_order(payloads, self.dir / "read")

    def test_the_rest_of_the_input_makes_it_whole(self):
        self.publish_and_go_on(TASKS, TASKS, "--rate", "50000/s")

    def test_a_group_that_has_no_room_leaves_nothing(self):
        full = self.publisher(self.write_tasks(TASKS))
        self.expect_exit(75, full)
        full.wait_line("error: .*No space.*nothing of the input is in the log")
        self.assertEqual(self.logged(), [])
        self.disk.grow()
        self.expect_exit(0, self.publisher(self.write_tasks(TASKS)))
        self.assertEqual(self.logged(), TASKS)

    def test_however_it_is_synced(self):
        for number, fsync in enumerate(("none", "interval:50ms")):
            if number > 0:
                self.disk.close()
                self.disk = SmallDisk(self.dir / f"disk-{number}")
                self.addCleanup(self.disk.close)
                (self.dir / "read").unlink()
            self.publish_and_go_on(TASKS, TASKS, "--fsync", fsync, "--segment", "128K")

    def test_lines_that_make_no_message_are_counted(self):
        lines = [line for task in TASKS for line in (f"t={task}", "bad")]
        self.publish_and_go_on(lines, TASKS, "-K", "=", "--skip-bad", "--rate", "50000/s")


class OfASubscriber(FullDiskTest):
    def subscriber(self):
        return self.node("subscriber", "--stream", f"ipc://{self.dir}/p", "--cursor",
                         self.disk.path / "cursor", "-o", self.disk.path / "out", "-n", len(TASKS),
                         prefix=self.disk.inside())

    def test_goes_on_with_its_cursor(self):
        publisher = self.node("publisher", "-b", f"ipc://{self.dir}/l", "--stream-bind",
                              f"ipc://{self.dir}/p", "--log", self.dir / "log", "--stay",
                              self.write_tasks(TASKS))
        full = self.subscriber()
        self.expect_exit(75, full)
        full.wait_line(r"error: .*(out|cursor).*([Nn]o space|full)")
        self.disk.grow()
        again = self.node("subscriber", "--stream", f"ipc://{self.dir}/p", "--cursor",
                          self.disk.path / "cursor", "-o", self.disk.path / "out", "--until-end",
                          prefix=self.disk.inside())
        self.expect_exit(0, again)
        self.expect_in_order(TASKS, self.disk.view() / "out")
        publisher.signal(signal.SIGTERM)
        self.expect_exit(0, publisher)


if __name__ == "__main__":
    unittest.main(verbosity=2)
