"""Strangers at the reliable lane's doors: each is refused with a line, and the job goes on."""
import os
import socket
import unittest

import zmq

from support import InteropTest


class Strangers(InteropTest):

    def setUp(self):
        super().setUp()
        self.ventilator = self.node("ventilator", "-b", "tcp://127.0.0.1:*",
                                    stdin=b"one\ntwo\nthree\n")
        self.ventilator.heard("to dial tcp://")
        self.where = self.ventilator.errors.split("to dial ")[1].split()[0]

    def finish(self):
        """The job is done as if nobody had disturbed it."""
        self.assertIsNone(self.ventilator.process.poll(), self.ventilator.errors)
        sink = self.node("sink", "-b", self.endpoint("s"))
        worker = self.node("worker", "--from", self.where, "--to", self.endpoint("s"), "--once")
        self.assertEqual(self.ventilator.ends(), 0, self.ventilator.errors)
        self.assertEqual(sink.ends(), 0, sink.errors)
        self.assertEqual(worker.ends(), 0, worker.errors)
        self.assertEqual(sorted(sink.output.split()), [b"one", b"three", b"two"])
        self.assertNotIn("error:", self.ventilator.errors)

    def test_a_publisher(self):
        """libzmq turns it away by itself, and tells nobody."""
        publisher = self.socket(zmq.PUB)
        events = publisher.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self.sockets.append(events)
        publisher.connect(self.where)
        self.assertTrue(events.poll(60_000))
        publisher.send(b"news")
        self.finish()

    def test_a_requester(self):
        self.socket(zmq.REQ, connect=self.where).send(b"please")
        self.ventilator.heard("does not speak shoal's protocol")
        self.finish()

    def test_a_dealer_that_talks_nonsense(self):
        dealer = self.socket(zmq.DEALER, connect=self.where)
        dealer.send(os.urandom(8) + b"nonsense")
        dealer.send_multipart([b"\xff" * 1000] * 10)
        self.ventilator.heard("does not speak shoal's protocol")
        self.finish()

    def test_a_browser(self):
        host, port = self.where.removeprefix("tcp://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
            connection.shutdown(socket.SHUT_WR)
            self.ventilator.heard("refused a peer")
        self.finish()

    def test_random_bytes_after_a_greeting(self):
        host, port = self.where.removeprefix("tcp://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48)
            connection.sendall(greeting + b"\x04\xff" * 500)
            connection.shutdown(socket.SHUT_WR)
            self.ventilator.heard("refused a peer")
        self.finish()

    def test_a_pull_socket_as_the_ventilators_peer(self):
        """Whom a worker dials may be a stranger too."""
        push = self.socket(zmq.PUSH, bind=self.endpoint("foreign"))
        worker = self.node("worker", "--from", self.endpoint("foreign"),
                           "--to", self.endpoint("s"))
        worker.heard("waiting for a ventilator")
        push.close(linger=0)
        self.assertEqual(worker.stop(), 0)
        self.finish()


if __name__ == "__main__":
    unittest.main(verbosity=2)
