"""A subscriber is stopped when the publisher's input ends: it is not waited for without end, and that
it has not had everything is said."""
import signal
import subprocess
import unittest

from nodes import FaultTest, wait_until

FIRST = "".join(f"{line}\n" for line in range(1000))
REST = "".join(f"{line:0100}\n" for line in range(60_000))  # more than sockets hold, less than memory


class StoppedAtTheEnd(FaultTest):
    def publish(self, subscriber_args, *args):
        """The publisher, once its subscriber has had FIRST and was stopped; the rest is published
        then."""
        out = self.dir / "out"
        publisher = self.node("publisher", "-b", f"ipc://{self.dir}/l", "--stream-bind",
                              f"ipc://{self.dir}/p", "--wait-subscribers", 1, *args,
                              stdin=subprocess.PIPE)
        self.subscriber = self.node("subscriber", *subscriber_args, "-o", out)
        publisher.process.stdin.write(FIRST)
        publisher.process.stdin.flush()
        wait_until(lambda: out.exists() and out.read_text() == FIRST, "the first messages")
        self.subscriber.signal(signal.SIGSTOP)
        publisher.process.stdin.write(REST)
        publisher.process.stdin.close()
        return publisher

    def live(self, *args):
        return self.publish(("-c", f"ipc://{self.dir}/l"), *args)

    def stream(self, *args):
        return self.publish(("--stream", f"ipc://{self.dir}/p"), *args)

    def test_live(self):
        publisher = self.live()
        self.expect_exit(75, publisher)
        self.assertTrue(publisher.told("warning: a live subscriber has taken nothing for"))

    def test_live_where_it_holds_everyone_up(self):
        publisher = self.live("--on-full", "block")
        self.expect_exit(75, publisher)
        self.assertTrue(publisher.told("warning: a live subscriber has taken nothing for"))

    def test_live_with_a_time_to_stay(self):
        self.expect_exit(0, self.live("--linger", "100ms"))

    def test_stream_in_memory(self):
        publisher = self.stream()
        self.expect_exit(75, publisher)
        self.assertTrue(publisher.told("1 readers fell silent before they had everything"))
        self.assertTrue(publisher.told("warning: without --log what readers had not had"))

    def test_stream_in_memory_whose_reader_comes_back(self):
        publisher = self.stream("--stay", "-v")
        publisher.wait_line("silent for")
        self.subscriber.signal(signal.SIGCONT)
        out = self.dir / "out"
        wait_until(lambda: out.read_text() == FIRST + REST, "all messages")
        publisher.signal(signal.SIGTERM)
        self.expect_exit(0, publisher)

    def test_stream_in_a_log(self):
        self.expect_exit(0, self.stream("--log", self.dir / "log"))
        self.subscriber.signal(signal.SIGCONT)
        again = self.node("publisher", "-b", f"ipc://{self.dir}/l", "--stream-bind",
                          f"ipc://{self.dir}/p", "--log", self.dir / "log", "--stay")
        out = self.dir / "out"
        wait_until(lambda: out.read_text() == FIRST + REST, "all messages")
        again.signal(signal.SIGTERM)
        self.expect_exit(0, again)


if __name__ == "__main__":
    unittest.main(verbosity=2)
