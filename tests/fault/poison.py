"""Tasks that fail for good: one that kills its workers, and a command that fails every task."""
import json
import signal
import unittest

from nodes import FaultTest

ATTEMPTS = 3
POISON = "poison me"


class Poison(FaultTest):
    def letters(self):
        return [json.loads(line) for line in (self.dir / "failed").read_text().splitlines()]

    def expect_letters(self, expected):
        """The dead letters are these payloads, each after all its attempts."""
        letters = self.letters()
        self.assertCountEqual([letter["payload"] for letter in letters], expected)
        self.assertEqual({letter["attempts"] for letter in letters}, {ATTEMPTS})

    def test_a_task_that_kills_its_worker(self):
        for jobs in (1, 4):
            with self.subTest(jobs=jobs):
                self.poisoned_job(jobs)

    def poisoned_job(self, jobs):
        healthy = [f"task {number}" for number in range(60)]
        tasks = self.write_tasks([*healthy[:20], POISON, *healthy[20:]])
        log = self.dir / "log"
        log.write_text("")
        script = f'echo "$1" >>{log}; [ "$1" != "{POISON}" ] || kill -9 $PPID; echo "$1"'
        sink = self.sink("--failed", self.dir / "failed")
        ventilator = self.ventilator(tasks, "--attempts", ATTEMPTS)
        for _ in range(ATTEMPTS):
            self.expect_exit(-signal.SIGKILL, self.poisoned_worker(jobs, script))
        self.expect_exit(0, self.poisoned_worker(jobs, script))
        self.expect_exit(1, ventilator, sink)
        self.assertEqual(log.read_text().splitlines().count(POISON), ATTEMPTS)
        self.expect_letters([POISON])
        self.assertIn("died", self.letters()[0]["status"])
        self.expect_exactly_once(healthy)

    def poisoned_worker(self, jobs, script):
        return self.worker("-j", jobs, command=("sh", "-c", script, "sh", "{}"))

    def test_a_command_that_always_fails(self):
        tasks = [f"task {number}" for number in range(50)]
        runs = self.dir / "runs"
        script = f"echo $SHOAL_SEQ $SHOAL_ATTEMPT >>{runs}; exit 1"
        sink = self.sink("--failed", self.dir / "failed")
        ventilator = self.ventilator(self.write_tasks(tasks))
        workers = [self.worker(command=("sh", "-c", script)) for _ in range(2)]
        self.expect_exit(1, ventilator, sink)
        self.expect_exit(0, *workers)
        self.expect_letters(tasks)
        self.assertEqual({letter["status"] for letter in self.letters()}, {"exit code 1"})
        self.assertCountEqual(runs.read_text().splitlines(),
                              [f"{seq} {attempt}" for seq in range(len(tasks))
                               for attempt in range(1, ATTEMPTS + 1)])
        for node in (ventilator, sink):
            node.wait_line(rf"\b0 done, {len(tasks)} failed\b")
        self.assertEqual(self.results(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
