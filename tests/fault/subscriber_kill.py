"""A durable subscriber is killed again and again in mid-stream."""
import subprocess
import unittest

from nodes import FaultTest, seeded, wait_until

LINES = 200_000
RATE = 20_000  # a second, so that all takes longer than the kills
KILLS = 20


class SubscriberKill(FaultTest):
    def publisher(self, *args):
        lines = self.dir / "lines"
        lines.write_text("".join(f"{line}\n" for line in range(LINES)))
        return self.node("publisher", "-b", f"ipc://{self.dir}/l", "--stream-bind",
                         f"ipc://{self.dir}/p", "--rate", RATE, "--log", self.dir / "log",
                         "--segment", "1M", "--stay", *args, lines)

    def subscriber(self, *args, **streams):
        return self.node("subscriber", "--stream", f"ipc://{self.dir}/p", "--cursor",
                         self.dir / "cursor", *args, **streams)

    def test_every_line_once_in_a_file(self):
        random = seeded(1)
        publisher = self.publisher()
        step = LINES // (KILLS + 2)
        for kill in range(KILLS):
            subscriber = self.subscriber("-n", LINES, "-o", self.output)
            self.wait_lines_out(kill * step + random.randrange(step))
            subscriber.kill()
        self.assertFalse(publisher.told("the input has ended"), "all was over too soon")
        publisher.wait_line("the input has ended")
        self.expect_exit(0, self.subscriber("--until-end", "-o", self.output))
        self.expect_in_order([str(line) for line in range(LINES)])

    def wait_lines_out(self, lines):
        """Waits until the output has grown to about so many lines."""
        size = sum(len(str(line)) + 1 for line in range(lines))
        wait_until(lambda: self.output.exists() and self.output.stat().st_size >= size,
                   f"{lines} lines; {self.state()}")

    def test_on_stdout_nothing_is_missing(self):
        self.publisher().wait_line("the input has ended")
        seen = set()
        while LINES - 1 not in seen:
            subscriber = self.subscriber("-n", LINES, stdout=subprocess.PIPE)
            lines = subscriber.process.stdout
            text = "".join(lines.readline() for _ in range(LINES // 5))
            subscriber.process.kill()
            # What it had written stands in the pipe; the last line may be torn.
            text += lines.read()
            seen.update(int(line) for line in text.split("\n")[:-1])
            subscriber.wait_exit()
        self.assertEqual(seen, set(range(LINES)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
