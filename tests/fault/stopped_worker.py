"""A worker is stopped for three leases and then goes on."""
import signal
import subprocess
import time
import unittest

from nodes import FaultTest, wait_until
from slow_command import answers, slow_lines

LEASE = 2  # seconds
FIRST, ALL = 3000, 3200


class StoppedWorker(FaultTest):
    def test_its_tasks_are_redelivered_and_its_late_results_change_nothing(self):
        sink = self.sink()
        ventilator = self.ventilator("--lease", f"{LEASE}s", stdin=subprocess.PIPE)
        stopped, other = (self.worker("-j2", "--mode", "stream", command=slow_lines(0.001))
                          for _ in range(2))
        self.feed(ventilator, range(FIRST))
        self.wait_results(FIRST // 3)
        stopped.signal(signal.SIGSTOP)
        since = time.monotonic()

        self.wait_results(FIRST, limit=3 * LEASE)
        self.expect_exactly_once(answers(range(FIRST)))

        wait_until(lambda: time.monotonic() - since > 3 * LEASE, "three leases")
        stopped.signal(signal.SIGCONT)
        self.feed(ventilator, range(FIRST, ALL))
        self.wait_results(ALL)
        ventilator.process.stdin.close()
        self.expect_exit(0, ventilator, sink, stopped, other)
        self.expect_exactly_once(answers(range(ALL)))
        self.assertNotEqual(ventilator.wait_line(r"([\d,]+) redelivered")[1], "0",
                            "the worker was stopped with nothing in hand")

    def feed(self, ventilator, tasks):
        ventilator.process.stdin.write("".join(f"{task}\n" for task in tasks))
        ventilator.process.stdin.flush()


if __name__ == "__main__":
    unittest.main(verbosity=2)
