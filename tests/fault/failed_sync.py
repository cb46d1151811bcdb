"""An fsync of a publisher's log, or of a subscriber's output, fails once: nobody is told of what was
not synced, it is not tried again, and the next start goes on from what was."""
import errno
import os
import signal
import unittest

from nodes import FaultTest, wait_until

LINES = [f"{line:0100}" for line in range(30_000)]


class FailedSync(FaultTest):
    def failing(self, files, kind, at):
        trace = self.dir / "trace"
        trace.touch()
        return dict(os.environ, LD_PRELOAD=os.environ["SHOAL_KILL_POINT"], SHOAL_KILL_FILES=str(files),
                    SHOAL_KILL_KIND=kind, SHOAL_KILL_AT=str(at), SHOAL_KILL_TRACE=str(trace),
                    SHOAL_KILL_ERRNO=str(errno.EIO), ASAN_OPTIONS="verify_asan_link_order=0")

    def publisher(self, *args, **streams):
        return self.node("publisher", "-b", f"ipc://{self.dir}/l", "--stream-bind",
                         f"ipc://{self.dir}/p", "--log", self.dir / "log", *args, **streams)

    def subscriber(self, *args, **streams):
        return self.node("subscriber", "--stream", f"ipc://{self.dir}/p", "--cursor",
                         self.dir / "cursor", "-o", self.dir / "out", *args, **streams)

    def test_of_a_log(self):
        reader = self.subscriber()
        segment = f"{0:020}.log"
        broken = self.publisher("--rate", "100000/s", "--wait-subscribers", 1, self.write_tasks(LINES),
                                env=self.failing(self.dir / "log", f"before sync {segment}", 3))
        self.expect_exit(1, broken)
        broken.wait_line(f"error: cannot sync .*{segment}: input/output error")
        again = self.publisher("--stay", "-v")
        again.wait_line("connected: subscriber")
        # Whatever the reader was told of is there, and it goes on from there without blame.
        reader.signal(signal.SIGTERM)
        self.expect_exit(128 + signal.SIGTERM, reader)
        read = self.results(self.dir / "out")
        self.expect_exit(0, self.subscriber("--until-end"))
        logged = self.results(self.dir / "out")
        self.assertTrue(0 < len(read) <= len(logged) < len(LINES))
        self.assertEqual(logged, LINES[:len(logged)])
        again.signal(signal.SIGTERM)
        self.expect_exit(0, again)
        self.expect_exit(0, self.publisher(self.write_tasks(LINES[len(logged):])))
        serving = self.publisher("--stay")
        self.expect_exit(0, self.subscriber("--until-end"))
        self.expect_in_order(LINES, self.dir / "out")
        serving.signal(signal.SIGTERM)
        self.expect_exit(0, serving)

    def test_of_an_output(self):
        serving = self.publisher("--stay", self.write_tasks(LINES))
        broken = self.subscriber(env=self.failing(self.dir / "out", "before sync out", 2))
        self.expect_exit(1, broken)
        broken.wait_line("error: cannot sync .*out: input/output error")
        wait_until(serving.running, "the publisher")
        self.expect_exit(0, self.subscriber("--until-end"))
        self.expect_in_order(LINES, self.dir / "out")
        serving.signal(signal.SIGTERM)
        self.expect_exit(0, serving)


if __name__ == "__main__":
    unittest.main(verbosity=2)
