"""The live lane with bare PUB and SUB sockets of Python's (PROTOCOL.md, LIVE-1)."""
import unittest

import zmq

from support import InteropTest


class Live(InteropTest):
    def publisher(self, *arguments, stdin):
        return self.node("publisher", "-b", self.endpoint("l"), "--stream-bind",
                         self.endpoint("s"), *arguments, stdin=stdin)

    def subscriber(self, *arguments):
        return self.node("subscriber", "-q", "-c", self.endpoint("l"), *arguments)

    def test_a_sub_socket_reads_topic_and_payload(self):
        subscriber = self.socket(zmq.SUB, connect=self.endpoint("l"))
        subscriber.subscribe(b"a")
        publisher = self.publisher("-K", "=", "--wait-subscribers", "1",
                                   stdin=b"a=1\nb=2\na.x=\nab=4\n")
        got = [subscriber.recv_multipart() for _ in range(3)]
        self.assertEqual([frames[:2] for frames in got],
                         [[b"a", b"1"], [b"a.x", b""], [b"ab", b"4"]])
        self.assertEqual({len(frames) for frames in got}, {3})
        self.assertEqual(publisher.ends(), 0)

    def test_a_sub_socket_that_wants_everything_gets_no_marks(self):
        subscriber = self.socket(zmq.SUB, connect=self.endpoint("l"))
        subscriber.subscribe(b"")
        publisher = self.publisher("--wait-subscribers", "1", "--linger", "3s", stdin=b"one\n")
        self.assertEqual(subscriber.recv_multipart()[:2], [b"msg", b"one"])
        self.assertEqual(publisher.ends(), 0)
        subscriber.rcvtimeo = 0
        with self.assertRaises(zmq.Again):
            subscriber.recv_multipart()

    def until_subscribed(self, publisher, topic=b""):
        self.assertEqual(publisher.recv()[1:], topic)

    def test_a_pub_socket_of_two_frames_is_read(self):
        publisher = self.socket(zmq.XPUB, bind=self.endpoint("l"))
        subscriber = self.subscriber("-n", "3", "--format", "%t|%p|%s|%f")
        self.until_subscribed(publisher)
        publisher.send_multipart([b"a", b"1"])
        publisher.send(b"alone")
        publisher.send_multipart([b"b", b"2", b"no header", b"four"])
        publisher.send_multipart([b"c", b"3", b"no header"])
        self.assertEqual(subscriber.ends(), 0)
        self.assertEqual(subscriber.output, b"a|1||\nalone|||\nc|3||\n")

    def test_patterns_hold_for_a_pub_socket_too(self):
        publisher = self.socket(zmq.XPUB, bind=self.endpoint("l"))
        subscriber = self.subscriber("-n", "2", "-s", "a.*")
        self.until_subscribed(publisher, b"a.")
        for topic in (b"a.b", b"a.b.c", b"a.c"):
            publisher.send_multipart([topic, topic])
        self.assertEqual(subscriber.ends(), 0)
        self.assertEqual(subscriber.output, b"a.b\na.c\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
