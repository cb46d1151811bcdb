"""Bare REQ and DEALER sockets of Python's ask a replier (PROTOCOL.md, REQ-15)."""
import unittest

import zmq

from support import InteropTest


class BareAskers(InteropTest):
    def replier(self, *arguments):
        node = self.node("replier", "-b", self.endpoint("r"), *arguments)
        return node, self.endpoint("r")

    def test_req_is_answered(self):
        _, endpoint = self.replier("--", "tr", "a-z", "A-Z")
        asker = self.socket(zmq.REQ, connect=endpoint)
        for question in (b"one", b"", b"\x01three"):
            asker.send(question)
            self.assertEqual(asker.recv(), question.upper())

    def test_dealer_with_and_without_the_empty_frame(self):
        _, endpoint = self.replier()
        asker = self.socket(zmq.DEALER, connect=endpoint)
        asker.send_multipart([b"", b"enveloped"])
        self.assertEqual(asker.recv_multipart(), [b"", b"enveloped"])
        asker.send(b"bare")
        self.assertEqual(asker.recv_multipart(), [b"bare"])

    def test_a_thousand_in_flight(self):
        _, endpoint = self.replier("--mode", "stream", "--", "sed", "-u", "s/$/!/")
        asker = self.socket(zmq.DEALER, connect=endpoint, sndhwm=0, rcvhwm=0)
        for number in range(1000):
            asker.send_multipart([b"", b"%d" % number])
        answers = {asker.recv_multipart()[1] for _ in range(1000)}
        self.assertEqual(answers, {b"%d!" % number for number in range(1000)})

    def test_one_that_leaves_harms_nobody(self):
        _, endpoint = self.replier("-j", "1")
        gone = self.socket(zmq.DEALER, connect=endpoint)
        stays = self.socket(zmq.REQ, connect=endpoint)
        for _ in range(100):
            gone.send(b"never read")
        gone.close()
        stays.send(b"still there")
        self.assertEqual(stays.recv(), b"still there")

    def test_bare_askers_and_requesters_share_a_replier(self):
        node, endpoint = self.replier()
        asker = self.socket(zmq.REQ, connect=endpoint)
        asker.send(b"bare")
        asks = self.node("requester", "-c", endpoint, stdin=b"one\ntwo\n")
        self.assertEqual(asker.recv(), b"bare")
        self.assertEqual(asks.ends(), 0)
        self.assertEqual(asks.output, b"one\ntwo\n")
        self.assertEqual(node.stop(), 0)
        self.assertIn("3 requests, 3 answered", node.errors)


if __name__ == "__main__":
    unittest.main(verbosity=2)
