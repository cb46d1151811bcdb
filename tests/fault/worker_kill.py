"""Workers are killed, or asked to leave, in the middle of a job."""
import signal
import subprocess
import unittest

from nodes import FaultTest, seeded
from slow_command import answers, slow_lines

TASKS = 100_000
WORKERS = 4
MOST_KILLS = 60  # a job that lasts longer hangs


class WorkerKill(FaultTest):
    def start_worker(self):
        return self.worker("-j1", "--mode", "stream", command=slow_lines(0.0003))

    def ended_within(self, seconds, node):
        try:
            node.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill_loop(self, seed):
        """Every two seconds one worker of four is killed and another started."""
        random = seeded(seed)
        tasks = self.write_tasks(range(TASKS))
        sink = self.sink()
        ventilator = self.ventilator(tasks)
        workers = [self.start_worker() for _ in range(WORKERS)]
        self.wait_results(1)
        kills = 0
        newest = None
        while kills < MOST_KILLS and not self.ended_within(2, ventilator):
            at = random.randrange(WORKERS)
            workers[at].kill()
            newest = workers[at] = self.start_worker()
            kills += 1
        # The newest may have come when the job was over: nobody told it.
        self.expect_exit(0, ventilator, sink, *(w for w in workers if w is not newest))
        self.expect_exactly_once(answers(range(TASKS)))
        self.assertGreaterEqual(kills, 2, "the job was over too soon to show anything")
        redelivered = ventilator.wait_line(r"([\d,]+) redelivered")[1]
        self.assertNotEqual(redelivered, "0", "no worker was killed with work in hand")

    def test_kill_loop_seed_1(self):
        self.kill_loop(1)

    def test_kill_loop_seed_2(self):
        self.kill_loop(2)

    def test_kill_loop_seed_3(self):
        self.kill_loop(3)

    def test_a_worker_that_is_interrupted_hands_back_and_leaves(self):
        tasks = self.write_tasks(range(2000))
        sink = self.sink()
        ventilator = self.ventilator(tasks)
        leaver = self.start_worker()
        self.wait_results(100)
        leaver.signal(signal.SIGINT)
        self.expect_exit(0, leaver)
        self.assertTrue(ventilator.running(), "the job was over before the worker left")
        self.expect_exit(0, self.start_worker(), ventilator, sink)
        self.expect_exactly_once(answers(range(2000)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
