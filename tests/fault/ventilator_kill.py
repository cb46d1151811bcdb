"""The ventilator dies, or is interrupted, and the same command goes on with its journal."""
import signal
import unittest

from nodes import FaultTest
from slow_command import answers, slow_lines

TASKS = 20_000
KILLS = 5


class VentilatorKill(FaultTest):
    def setUp(self):
        super().setUp()
        self.tasks = self.write_tasks(range(TASKS))
        self.ends = [self.sink()]
        self.ends += [self.worker("-j2", "--mode", "stream", command=slow_lines(0.0005))
                      for _ in range(2)]

    def start(self):
        return self.ventilator(self.tasks, "--journal", self.dir / "journal")

    def expect_all_done(self, ventilator):
        self.expect_exit(0, ventilator, *self.ends)
        self.expect_exactly_once(answers(range(TASKS)))

    def test_killed_five_times(self):
        ventilator = self.start()
        for kill in range(1, KILLS + 1):
            self.wait_results(TASKS * kill // (KILLS + 2))
            self.assertTrue(ventilator.running(), "the job was over too soon to show anything")
            ventilator.kill()
            ventilator = self.start()
        self.expect_all_done(ventilator)

    def test_interrupted_and_started_again(self):
        ventilator = self.start()
        self.wait_results(TASKS // 3)
        ventilator.signal(signal.SIGINT)
        self.expect_exit(128 + signal.SIGINT, ventilator)
        self.assertLess(len(self.results()), TASKS)
        self.expect_all_done(self.start())

    def test_killed_when_all_is_kept_but_it_does_not_know(self):
        sink, *workers = self.ends
        ventilator = self.start()
        self.wait_results(TASKS)
        sink.signal(signal.SIGSTOP)
        ventilator.kill()
        sink.signal(signal.SIGCONT)
        self.expect_exit(0, self.start(), sink)
        # One that was not back before the job was over waits for the next.
        for worker in workers:
            worker.signal(signal.SIGINT)
        self.expect_exit(0, *workers)
        self.expect_exactly_once(answers(range(TASKS)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
