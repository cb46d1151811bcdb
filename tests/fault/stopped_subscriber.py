"""A subscriber is stopped for a while, and the others and the publisher do not notice."""
import json
import pathlib
import re
import signal
import time
import unittest

from nodes import FaultTest, wait_until

RATE = 20_000  # messages a second, of 200 octets
STOPPED = 15   # seconds: longer than it takes to count as dead
LINES = RATE * (STOPPED + 5)
MOST_GROWTH = 64 << 20


def memory(node):
    """The most that the node has held so far, in octets."""
    status = pathlib.Path(f"/proc/{node.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) << 10


class StoppedSubscriber(FaultTest):
    def setUp(self):
        super().setUp()
        self.lines = self.dir / "lines"
        self.lines.write_text("".join(f"{line:0199}\n" for line in range(LINES)))

    def publisher(self, *args):
        return self.node("publisher", "-b", f"ipc://{self.dir}/l", "--stream-bind",
                         f"ipc://{self.dir}/p", "--rate", RATE, "--wait-subscribers", 2, *args,
                         self.lines)

    def grown(self, path, size):
        wait_until(lambda: path.exists() and path.stat().st_size >= size,
                   f"{path.name} of {size} octets; {self.state()}")

    def stop_for_a_while(self, publisher, stopped, other):
        """Stops one, sees that the other gets what is published, and lets it go on."""
        size = len(self.lines.read_bytes())
        self.grown(other, size // 10)
        before = memory(publisher)
        stopped.signal(signal.SIGSTOP)
        had, begun = other.stat().st_size, time.monotonic()
        # Where one held up the others, they would never get there.
        self.grown(other, had + size * 8 // 10 * STOPPED // (STOPPED + 5))
        took = time.monotonic() - begun
        wait_until(lambda: time.monotonic() - begun > STOPPED, "the pause", STOPPED + 1)
        self.assertTrue(publisher.running(), "it should wait for those who are connected")
        self.assertLess(memory(publisher) - before, MOST_GROWTH)
        stopped.signal(signal.SIGCONT)
        return took

    def test_reader_of_a_stream_catches_up_from_the_log(self):
        publisher = self.publisher("--log", self.dir / "log", "--segment", "4M", "--stay")
        paths = [self.dir / "stopped", self.dir / "other"]
        stopped, other = (self.node("subscriber", "--stream", f"ipc://{self.dir}/p", "-o", path,
                                    "-n", LINES) for path in paths)
        self.stop_for_a_while(publisher, stopped, paths[1])
        self.expect_exit(0, stopped, other)
        for path in paths:
            self.assertEqual(path.read_bytes(), self.lines.read_bytes())

    def test_live_subscriber_is_told_what_it_missed(self):
        publisher = self.publisher("--memory", "1M")
        paths = [self.dir / "stopped", self.dir / "other"]
        stopped, other = (self.node("subscriber", "-c", f"ipc://{self.dir}/l", "-o", path, "-J",
                                    "--until-end") for path in paths)
        self.stop_for_a_while(publisher, stopped, paths[1])
        self.expect_exit(0, publisher)
        for node, path in zip((stopped, other), paths):
            told = [json.loads(line) for line in path.read_text().splitlines()]
            missing = sum(line["count"] for line in told if line.get("event") == "gap")
            printed = sum("payload" in line for line in told)
            self.assertEqual(printed + missing, LINES)
            self.expect_exit(75 if missing else 0, node)
        self.assertEqual(missing, 0, "the one that was not stopped missed something")


if __name__ == "__main__":
    unittest.main(verbosity=2)
