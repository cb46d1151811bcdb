"""The network between two machines is gone for a while. Needs root for namespaces."""
import os
import subprocess
import time
import unittest

from nodes import FaultTest, wait_until
from slow_command import answers, slow_lines

HEARTBEATS = 3  # seconds, at the default of one a second
SLACK = 2  # seconds, for a busy machine
BACK = 10  # seconds
HERE, THERE = "10.213.77.1", "10.213.77.2"


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class TwoMachines:
    """Two network namespaces joined by a cable that can be cut."""

    def __init__(self):
        self.here, self.there = (f"shoal-{os.getpid()}-{side}" for side in ("a", "b"))
        self.made = []

    def open(self):
        for name in (self.here, self.there):
            ip("netns", "add", name)
            self.made.append(name)
        ip("-n", self.here, "link", "add", "wire", "type", "veth",
           "peer", "name", "wire", "netns", self.there)
        for name, address in ((self.here, HERE), (self.there, THERE)):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", "wire")
            ip("-n", name, "link", "set", "wire", "up")
            ip("-n", name, "link", "set", "lo", "up")

    def cut(self):
        ip("-n", self.here, "link", "set", "wire", "down")

    def mend(self):
        ip("-n", self.here, "link", "set", "wire", "up")

    def close(self):
        for name in self.made:
            ip("netns", "del", name)


@unittest.skipUnless(os.geteuid() == 0, "needs root to make network namespaces")
class Partition(FaultTest):
    def setUp(self):
        super().setUp()
        self.machines = TwoMachines()
        self.addCleanup(self.machines.close)
        try:
            self.machines.open()
        except (OSError, subprocess.CalledProcessError) as failure:
            self.skipTest(f"cannot make network namespaces here: {failure}")

    def node_at(self, machine, role, *args):
        return self.node(role, "--insecure", "-v", *args, prefix=("ip", "netns", "exec", machine))

    def partition(self, seconds):
        """A job whose only worker is cut off for so long."""
        count = 20_000 + 2000 * seconds
        tasks = self.write_tasks(range(count))
        sink = self.node_at(self.machines.here, "sink", "-b", f"{HERE}:5017", "-o", self.output)
        ventilator = self.node_at(self.machines.here, "ventilator", "-b", f"{HERE}:5016", tasks)
        worker = self.node_at(self.machines.there, "worker", "--once", "-j2", "--from",
                              f"{HERE}:5016", "--to", f"{HERE}:5017", "--mode", "stream", "--",
                              *slow_lines(0.0005))
        self.wait_results(count // 10)
        self.machines.cut()
        since = time.monotonic()
        if seconds > HEARTBEATS + SLACK:
            for node in (ventilator, sink, worker):
                left = HEARTBEATS + SLACK - (time.monotonic() - since)
                node.wait_line(r"silent for", limit=max(left, 0))
        wait_until(lambda: time.monotonic() - since >= seconds, "the end of the partition")
        self.assertTrue(ventilator.running(), "the job was over too soon to show anything")
        kept = len(self.results())
        self.machines.mend()
        self.wait_results(kept + 1, limit=BACK)
        self.expect_exit(0, ventilator, sink, worker)
        self.expect_exactly_once(answers(range(count)))

    def test_one_second(self):
        self.partition(1)

    def test_ten_seconds(self):
        self.partition(10)

    @unittest.skipUnless(os.environ.get("SHOAL_LONG_TESTS"), "long: set SHOAL_LONG_TESTS to run it")
    def test_sixty_seconds(self):
        self.partition(60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
