"""Repliers that die, stop and lie (FAULTS 15), and the breaker: each request ends once and in time."""
import json
import os
import queue
import signal
import subprocess
import threading
import time
import unittest

from nodes import LIMIT, FaultTest, Node, expect, seeded

TIMEOUT = 2  # seconds, of each request
# By which a request may end too late: 0.2 s, and what a busy machine adds to it.
SLACK = 3


class Asker:
    """A requester whose requests are typed in and whose replies are read as JSON lines."""

    def __init__(self, fleet, *args):
        self.node = fleet.node("requester", "-J", "--unordered", *args, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
        self.replies = queue.Queue()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.node.process.stdout:
            self.replies.put((time.monotonic(), json.loads(line)))
        self.replies.put(None)

    def ask(self, *lines):
        self.node.process.stdin.write("".join(f"{line}\n" for line in lines))
        self.node.process.stdin.flush()

    def one(self):
        """How the next request ended, and when."""
        reply = self.replies.get(timeout=LIMIT)
        expect(reply, f"the requester has ended: {self.node.text()}")
        return reply

    def outcome(self, line):
        """Asks and tells how it ended."""
        self.ask(line)
        return self.one()[1]

    def end(self):
        self.node.process.stdin.close()
        return self.node.wait_exit()


class Repliers(FaultTest):
    def replier(self, name, *command):
        words = ("--", *command) if command else ()
        return self.node("replier", "-b", f"ipc://{self.dir}/{name}", "-j", 4, "-v", *words)

    def liar(self, name, *how):
        node = Node([os.environ["SHOAL_LIAR"], f"ipc://{self.dir}/{name}", *how], "liar",
                    stdin=subprocess.DEVNULL)
        self.nodes.append(node)
        return node

    def at(self, *names):
        return ",".join(f"ipc://{self.dir}/{name}" for name in names)

    def test_one_dies_one_is_late_one_lies(self):
        for seed in (1, 2, 3):
            with self.subTest(seed=seed):
                self.torment(seed)

    def torment(self, seed):
        random = seeded(seed)
        count = 3000
        dies, late, lies = self.replier("dies"), self.replier("late"), self.liar("lies")
        asker = Asker(self, "-c", self.at("dies", "late", "lies"), "-W", f"{TIMEOUT}s",
                      "--in-flight", 300, "--breaker", "5/200ms")
        for node in (dies, late):
            node.wait_line("connected")
        numbers = list(range(count))
        kill_at, stop_at = random.sample(range(count // 10, count // 2), 2)
        asked, ended = {}, {}
        stopped = None
        while len(ended) < count:
            while numbers and len(asked) - len(ended) < 200:
                number = numbers.pop(0)
                asked[number] = time.monotonic()
                asker.ask(number)
            if len(asked) > kill_at and dies.running():
                dies.kill()
            if len(asked) > stop_at and stopped is None:
                late.signal(signal.SIGSTOP)
                stopped = time.monotonic()
            if stopped and time.monotonic() - stopped > TIMEOUT:
                late.signal(signal.SIGCONT)  # and what it was asked is answered now
                stopped = float("inf")
            when, reply = asker.one()
            self.assertNotIn(reply["seq"], ended, "it ended twice")
            ended[reply["seq"]] = reply
            self.assertLess(when - asked[reply["seq"]], TIMEOUT + SLACK)
        late.signal(signal.SIGCONT)
        code = asker.end()
        self.assertIsNone(asker.replies.get(timeout=LIMIT), "more replies than requests")
        statuses = {reply["status"] for reply in ended.values()}
        self.assertLessEqual(statuses, {0, 124})
        self.assertEqual(code, 124 if 124 in statuses else 0)
        for number, reply in ended.items():
            if reply["status"] == 0:
                self.assertEqual(reply["payload"], str(number))
        stray = asker.node.wait_line(r"([\d,]+) stray").group(1)
        self.assertGreater(int(stray.replace(",", "")), 0)
        for node in (late, lies):
            node.kill()

    def test_one_answers_with_garbage(self):
        self.liar("garbage", "garbage")
        asker = Asker(self, "-c", self.at("garbage"), "--retries", 1, "-W", "20s")
        reply = asker.outcome("nobody else is there")
        self.assertEqual(reply["status"], 69)
        self.assertIn("malformed", reply["error"])
        self.assertEqual(asker.end(), 69)
        # Where another one is there, it answers all that the first has spoilt.
        self.replier("honest")
        asker = Asker(self, "-c", self.at("garbage", "honest"))
        count = 500
        asker.ask(*range(count))
        replies = [asker.one()[1] for _ in range(count)]
        self.assertEqual({reply["status"] for reply in replies}, {0})
        for reply in replies:
            self.assertEqual(reply["payload"], str(reply["seq"]))
        self.assertEqual(asker.end(), 0)

    def test_the_breaker_opens_and_one_probe_goes_out(self):
        program = self.dir / "answer"
        program.write_text("#!/bin/sh\ncat\n")
        program.chmod(0o755)
        self.replier("r", program)
        asker = Asker(self, "-c", self.at("r"), "--retries", 0, "--breaker", "3/500ms")
        self.assertEqual(asker.outcome("well")["status"], 0)
        hidden = program.rename(self.dir / "hidden")
        for _ in range(3):
            self.assertIn("could not start", asker.outcome("fails")["error"])
        opened = time.monotonic()
        self.assertIn("failed too often", asker.outcome("not asked")["error"])
        # Five at a time until the pause is over: then one of them, and no more, is the probe.
        probes = 0
        while not probes:
            asker.ask(*range(5))
            errors = [asker.one()[1]["error"] for _ in range(5)]
            probes = sum("could not start" in error for error in errors)
        self.assertEqual(probes, 1)
        self.assertGreater(time.monotonic() - opened, 0.4)
        # It is closed again by a probe that is answered.
        hidden.rename(program)
        while asker.outcome("well?")["status"] != 0:
            pass
        asker.ask(*range(20))
        self.assertEqual({asker.one()[1]["status"] for _ in range(20)}, {0})
        asker.end()


if __name__ == "__main__":
    unittest.main(verbosity=2)
