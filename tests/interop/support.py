"""The real nodes and ZeroMQ sockets of Python's, for tests in which one talks to the other."""
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import unittest

import zmq

SHOAL = os.path.join(os.environ["SHOAL_BIN"], "shoal")
LIMIT = 60  # seconds; nothing that works takes so long


class Node:
    """A node that runs in a folder; what it says on stderr can be waited for."""

    def __init__(self, folder, arguments, stdin=b""):
        self.process = subprocess.Popen([SHOAL, *arguments], cwd=folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output = b""
        self.errors = ""
        self.news = threading.Condition()
        self.threads = [threading.Thread(target=work, args=arguments) for work, arguments in
                        ((self._feed, (stdin,)), (self._read_output, ()), (self._read_errors, ()))]
        for thread in self.threads:
            thread.start()

    def _feed(self, stdin):
        try:
            self.process.stdin.write(stdin)
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def _read_output(self):
        while chunk := self.process.stdout.read1():
            with self.news:
                self.output += chunk
                self.news.notify_all()

    def _read_errors(self):
        for line in self.process.stderr:
            with self.news:
                self.errors += line.decode()
                self.news.notify_all()

    def heard(self, text, times=1):
        """Waits until the node has said so."""
        with self.news:
            said = self.news.wait_for(lambda: self.errors.count(text) >= times, LIMIT)
        assert said, f"never said {text!r}: {self.errors}"

    def printed(self, text):
        """Waits until the node has printed so on stdout."""
        with self.news:
            there = self.news.wait_for(lambda: text in self.output, LIMIT)
        assert there, f"never printed {text!r}: {self.output} {self.errors}"

    def ends(self):
        """The exit code, once it has ended by itself."""
        code = self.process.wait(LIMIT)
        for thread in self.threads:
            thread.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def stop(self):
        """Asks it to drain, and returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.ends()


class InteropTest(unittest.TestCase):
    """A folder, a ZeroMQ context and nodes that go with the test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="shoal-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.context = zmq.Context()
        self.sockets = []
        self.addCleanup(self.context.destroy, linger=0)

    def endpoint(self, name):
        return f"ipc://{self.folder}/{name}"

    def node(self, *arguments, stdin=b""):
        node = Node(self.folder, arguments, stdin)
        self.addCleanup(self.end, node)
        return node

    @staticmethod
    def end(node):
        if node.process.poll() is None:
            node.process.kill()
            node.ends()

    def socket(self, kind, *, bind=None, connect=None, **options):
        socket = self.context.socket(kind)
        self.sockets.append(socket)  # or else Python closes it when the test looks away
        socket.linger = 0
        socket.rcvtimeo = socket.sndtimeo = LIMIT * 1000
        for name, value in options.items():
            setattr(socket, name, value)
        if bind:
            socket.bind(bind)
        if connect:
            socket.connect(connect)
        return socket
