"""The disk of the sink is full, then is not any more. Needs root for a small file system."""
import os
import pathlib
import subprocess
import unittest

from nodes import DIE_WITH_US, FaultTest

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
class FullDisk(FaultTest):
    def setUp(self):
        super().setUp()
        self.disk = SmallDisk(self.dir / "disk")
        self.addCleanup(self.disk.close)

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


if __name__ == "__main__":
    unittest.main(verbosity=2)
