"""Nodes that start in any order, and a sink whose reader has had enough."""
import itertools
import pathlib
import subprocess
import unittest

from nodes import FaultTest, Fleet, wait_until

TASKS = [str(task) for task in range(1, 100_001)]
# libzmq's own two run once a node has begun to bind and dial.
THREADS = 3


def has_begun(node):
    status = pathlib.Path(f"/proc/{node.pid}/task")
    return not node.running() or len(list(status.iterdir())) >= THREADS


class Orders(FaultTest):
    def test_all_24_orders(self):
        names = ("ventilator", "worker", "worker", "sink")
        for order in itertools.permutations(range(4)):
            order = [names[at] for at in order]
            with self.subTest(order=order), Fleet() as fleet:
                self.run_job(fleet, order)

    def run_job(self, fleet, order):
        for role in order:
            arguments = {"stdin": subprocess.PIPE} if role == "ventilator" else {}
            node = getattr(fleet, role)("-v", **arguments)
            wait_until(lambda: has_begun(node), f"{role} to begin")
        ventilator = fleet.nodes[order.index("ventilator")]
        ventilator.process.stdin.write("".join(f"{task}\n" for task in TASKS))
        # A worker that never meets the job does not leave with it.
        ventilator.wait_lines("connected: worker", 2)
        ventilator.process.stdin.close()
        fleet.expect_exit(0, *fleet.nodes)
        fleet.expect_exactly_once(TASKS)


class OutputEnd(FaultTest):
    def test_a_reader_that_leaves_ends_the_sink_quietly(self):
        sink = self.node("sink", "-b", self.results_at, stdout=subprocess.PIPE)
        self.ventilator(self.write_tasks(TASKS))
        self.worker()
        head = subprocess.run(["head", "-1"], stdin=sink.process.stdout, capture_output=True,
                              text=True, check=True)
        sink.process.stdout.close()
        self.expect_exit(141, sink)
        self.assertIn(head.stdout.strip(), TASKS)
        self.assertFalse(sink.told("error|warning"), sink.text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
