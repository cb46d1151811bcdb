"""Every node dies at once, as when the power fails, and the same commands are given again."""
import unittest

from nodes import FaultTest, seeded
from slow_command import answers, slow_lines

TASKS = 20_000
WORKERS = 3
CRASHES = 3


class AllKill(FaultTest):
    def crash_and_go_on(self, seed, *sink_args):
        random = seeded(seed)
        tasks = self.write_tasks(range(TASKS))
        moments = sorted(random.randrange(TASKS * 4 // 5) for _ in range(CRASHES))
        nodes = self.start_all(tasks, sink_args)
        for moment in moments:
            self.wait_results(moment)
            self.assertTrue(nodes[0].running(), "the job was over too soon to show anything")
            random.shuffle(nodes)
            for node in nodes:
                node.process.kill()
            for node in nodes:
                node.wait_exit()
            nodes = self.start_all(tasks, sink_args)
        self.expect_exit(0, *nodes)
        return answers(range(TASKS))

    def start_all(self, tasks, sink_args):
        command = slow_lines(0.0003)
        return [self.ventilator(tasks, "--journal", self.dir / "journal"), self.sink(*sink_args),
                *(self.worker("-j1", "--mode", "stream", command=command)
                  for _ in range(WORKERS))]

    def test_all_killed_seed_1(self):
        self.expect_exactly_once(self.crash_and_go_on(1))

    def test_all_killed_seed_2(self):
        self.expect_exactly_once(self.crash_and_go_on(2))

    def test_all_killed_with_the_results_in_order(self):
        self.expect_in_order(self.crash_and_go_on(3, "-k"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
