"""Launches real nodes for a test, waits for what they do, and leaves nothing behind.

SHOAL_BIN names the folder of the nodes. Endpoints are ipc:// sockets in a directory of the test's
own, so that tests that run side by side cannot meet.
"""
import ctypes
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

BIN = pathlib.Path(os.environ["SHOAL_BIN"])
# Of any one wait, in seconds. Generous, because a wait that is over early costs nothing.
LIMIT = 60
PAUSE = 0.005
PR_SET_CHILD_SUBREAPER = 36
# A prefix for commands that are to die with the thread that started them, should we be killed.
DIE_WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"]


def wait_until(true, what, limit=LIMIT):
    """Returns the first true value of `true()`; fails after `limit` seconds, naming `what`."""
    deadline = time.monotonic() + limit
    pause = threading.Event()
    while not (value := true()):
        expect(time.monotonic() < deadline, f"waited {limit} s for {what}")
        pause.wait(PAUSE)
    return value


class Node:
    """One running process, whose stderr is collected line by line."""

    def __init__(self, command, name, **streams):
        self.name = name
        self.lines = []
        self._news = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen([*DIE_WITH_US, *command], text=True,
                                        stderr=subprocess.PIPE, **streams)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def told(self, pattern, since=0):
        """The first match of `pattern` in a line of stderr, from line `since` on."""
        return next(filter(None, (re.search(pattern, line) for line in self.lines[since:])), None)

    def wait_line(self, pattern, since=0, limit=LIMIT):
        """Waits for a line of stderr that matches, and returns the match."""
        with self._news:
            self._news.wait_for(lambda: self.told(pattern, since) or self._ended, limit)
            found = self.told(pattern, since)
        expect(found, f"{self.name} did not say '{pattern}' but: {self.text()}")
        return found

    def wait_lines(self, pattern, count):
        """Waits until so many lines of stderr match."""
        wait_until(lambda: sum(bool(re.search(pattern, line)) for line in self.lines) >= count,
                   f"{self.name} to say '{pattern}' {count} times")

    def wait_exit(self, limit=LIMIT):
        """The exit code; -n for a death by signal n."""
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end in {limit} s: {self.text()}") from None
        self._reader.join(LIMIT)
        return code

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """kill -9; returns when it is dead."""
        self.process.kill()
        self.process.wait()

    def text(self):
        return " | ".join(self.lines[-20:]) or "(nothing)"

    def close(self):
        if self.running():
            self.kill()
        self._reader.join(LIMIT)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


class Fleet:
    """Nodes that work together, with a directory and endpoints of their own. Use with `with`."""

    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="shoal-fault-"))
        self.tasks_at = f"ipc://{self.dir}/v"
        self.results_at = f"ipc://{self.dir}/s"
        self.output = self.dir / "out"
        self.nodes = []
        return self

    def __exit__(self, *_):
        for node in reversed(self.nodes):
            node.close()
        shutil.rmtree(self.dir)

    def node(self, role, *args, prefix=(), **streams):
        """Starts `role` with `args`; `prefix` is a command that runs it."""
        streams.setdefault("stdin", subprocess.DEVNULL)
        streams.setdefault("stdout", subprocess.DEVNULL)
        node = Node([*map(str, prefix), str(BIN / role), *map(str, args)], role, **streams)
        self.nodes.append(node)
        return node

    def ventilator(self, *args, **streams):
        return self.node("ventilator", "-b", self.tasks_at, *args, **streams)

    def worker(self, *args, command=(), **streams):
        """A worker that leaves with the job; `command` stands behind `--`."""
        words = ("--", *command) if command else ()
        return self.node("worker", "--from", self.tasks_at, "--to", self.results_at, "--once",
                         *args, *words, **streams)

    def sink(self, *args, **streams):
        return self.node("sink", "-b", self.results_at, "-o", self.output, *args, **streams)

    def write_tasks(self, tasks):
        """The path of a file with these tasks, one a line."""
        path = self.dir / "tasks"
        path.write_text("".join(f"{task}\n" for task in tasks))
        return path

    def results(self, path=None):
        """The lines of the output; a line that is being written counts as one."""
        path = path or self.output
        return path.read_text().splitlines() if path.exists() else []

    def wait_results(self, count, limit=LIMIT):
        """Waits until the output has so many lines."""

        def enough():
            return self.output.exists() and self.output.read_bytes().count(b"\n") >= count

        try:
            wait_until(enough, f"{count} results", limit)
        except AssertionError as failure:
            raise AssertionError(f"{failure}; {self.state()}") from None

    def state(self):
        """What each node is about, for whoever reads a failure."""
        return "; ".join(f"{node.name} {'runs' if node.running() else 'has ended'}: {node.text()}"
                         for node in self.nodes)

    def expect_exit(self, code, *nodes):
        for node in nodes:
            actual = node.wait_exit()
            expect(actual == code, f"{node.name} ended with {actual}, not {code}: {node.text()}")

    def expect_exactly_once(self, expected, path=None):
        """The output holds each of `expected` once and nothing else, in any order."""
        compare(sorted(expected), sorted(self.results(path)))

    def expect_in_order(self, expected, path=None):
        compare(list(expected), self.results(path))


class FaultTest(Fleet, unittest.TestCase):
    """A test that has a fleet, and ends whatever a killed node has left behind."""

    def setUp(self):
        # Orphans become our children.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.addCleanup(end_orphans)
        self.enterContext(self)


def expect(true, otherwise):
    if not true:
        raise AssertionError(otherwise)


def compare(expected, actual):
    """Fails, and says how they differ, unless the two lists are equal."""
    lost, unexpected = set(expected) - set(actual), set(actual) - set(expected)
    repeated = len(actual) - len(set(actual))
    differ = lost or unexpected or repeated
    expect(expected == actual,
           f"{len(lost)} lost {sorted(lost)[:5]}, {len(unexpected)} unexpected "
           f"{sorted(unexpected)[:5]}, {repeated} repeated, of {len(expected)}"
           + ("" if differ else "; the order is wrong"))


def children():
    """The process ids of our children, adopted ones included."""
    found = []
    for listing in pathlib.Path("/proc/self/task").glob("*/children"):
        found += map(int, listing.read_text().split())
    return found


def end_orphans():
    """Kills and reaps what nodes have left behind, until nothing is left."""
    while left := children():
        for pid in left:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def seeded(seed):
    """A source of random numbers, and the seed told for whoever replays a failure."""
    print(f"seed {seed}", flush=True)
    return random.Random(seed)
