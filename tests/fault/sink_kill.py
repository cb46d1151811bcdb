"""The sink is killed at every single point of its file work, one point a run."""
import concurrent.futures
import os
import signal
import unittest

from nodes import FaultTest, Fleet, expect, wait_until

RUNS_AT_A_TIME = 6
TASKS = [str(task) for task in range(4)]
BEFORE_EFFECT = "before write out"
AFTER_EFFECT = "after write out"
EFFECT_DURABLE = "after sync out"
COMMITTED_NOT_ACKED = "after sync out.shoal-wal"
SET_ASIDE = "after sync out.shoal-spool"
EVERYWHERE = ""


class Run:
    """A small job whose sink dies at one point and is started again. Of a kind, if that is given,
    only those points count."""

    def __init__(self, kind, point, sink_args, worker_args, command):
        self.kind = kind
        self.point = point
        self.sink_args = sink_args
        self.worker_args = worker_args
        self.command = command
        self.trace = []
        self.killed = False

    def carry_out(self):
        with Fleet() as fleet:
            trace = fleet.dir / "trace"
            trace.touch()
            sink = fleet.sink(*self.sink_args, env=self.shim(fleet.output, trace))
            ventilator = fleet.ventilator(fleet.write_tasks(TASKS))
            worker = fleet.worker(*self.worker_args, command=self.command)
            code = sink.wait_exit()
            self.trace = trace.read_text().splitlines()
            self.killed = code == -signal.SIGKILL
            expect(code in (0, -signal.SIGKILL), f"the sink ended with {code}: {sink.text()}")
            if self.killed:
                self.start_again(fleet, ventilator, worker)
            fleet.expect_exit(0, ventilator, worker)
            fleet.expect_in_order(TASKS)
        return self

    def shim(self, files, trace):
        preload = os.environ["SHOAL_KILL_POINT"]
        return dict(os.environ, LD_PRELOAD=preload, SHOAL_KILL_FILES=str(files),
                    SHOAL_KILL_KIND=self.kind, SHOAL_KILL_AT=str(self.point),
                    SHOAL_KILL_TRACE=str(trace),
                    ASAN_OPTIONS="verify_asan_link_order=0")

    def start_again(self, fleet, ventilator, worker):
        had_all = fleet.results() == TASKS
        again = fleet.sink(*self.sink_args)
        fleet.expect_exit(0, ventilator, worker)
        if not had_all:
            return fleet.expect_exit(0, again)
        # One that died when everybody had been told that all is kept waits for the next job.
        wait_until(lambda: not again.running() or again.told("waiting for a worker"), "its end")
        again.signal(signal.SIGTERM)
        code = again.wait_exit()
        expect(code in (0, 128 + signal.SIGTERM, -signal.SIGTERM),
               f"the sink ended with {code}: {again.text()}")


class SinkKill(FaultTest):
    def sweep(self, kinds, **job):
        """Runs the job once to count the points, then once for each point, and surely for the first
        of each of `kinds`."""

        def run(kind, point):
            try:
                return Run(kind, point, **job).carry_out()
            except AssertionError as failure:
                raise AssertionError(f"killed at point {point} {kind}: {failure}") from failure

        points = len(run(EVERYWHERE, 0).trace)
        with concurrent.futures.ThreadPoolExecutor(RUNS_AT_A_TIME) as pool:
            sure = {kind: pool.submit(run, kind, 1) for kind in kinds}
            runs = list(pool.map(run, [EVERYWHERE] * points, range(1, points + 1)))
        for kind, future in sure.items():
            self.assertTrue(future.result().killed, f"there was no point {kind}")
        killed_at = [run.trace[-1] for run in runs if run.killed]
        print(f"killed at {len(killed_at)} points, of {len(set(killed_at))} kinds", flush=True)
        self.assertGreater(len(killed_at), points // 2)

    def test_each_result_once_wherever_the_sink_dies(self):
        self.sweep([BEFORE_EFFECT, AFTER_EFFECT, EFFECT_DURABLE, COMMITTED_NOT_ACKED],
                   sink_args=(), worker_args=("-j1",), command=("sh", "-c", "sleep 0.03; cat"))

    def test_each_result_once_and_in_order_wherever_the_sink_dies(self):
        # The first task takes so long that the results of the others are set aside.
        self.sweep([BEFORE_EFFECT, AFTER_EFFECT, EFFECT_DURABLE, COMMITTED_NOT_ACKED, SET_ASIDE],
                   sink_args=("-k",), worker_args=("-j4",),
                   command=("sh", "-c", '[ "$1" != 0 ] || sleep 0.4; echo "$1"', "sh", "{}"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
