"""200 requesters against 4 repliers: each has every answer, and nobody says that anything is wrong."""
import unittest

from nodes import FaultTest

REQUESTERS = 200
REPLIERS = 4
LINES = 50


class ManyRequesters(FaultTest):
    def test_each_has_every_answer(self):
        endpoints = [f"ipc://{self.dir}/r{i}" for i in range(REPLIERS)]
        repliers = [self.node("replier", "-b", endpoint, "-j", 2) for endpoint in endpoints]
        askers = []
        for number in range(REQUESTERS):
            lines = self.dir / f"in{number}"
            lines.write_text("".join(f"{number} asks {line}\n" for line in range(LINES)))
            with open(lines) as requests, open(self.dir / f"out{number}", "w") as replies:
                askers.append(self.node("requester", "-c", ",".join(endpoints), "-W", "60s",
                                        stdin=requests, stdout=replies))
        for number, asker in enumerate(askers):
            self.expect_exit(0, asker)
            asked = (self.dir / f"in{number}").read_text()
            self.assertEqual((self.dir / f"out{number}").read_text(), asked)
            self.assertTrue(asker.told(f"{LINES} requests, {LINES} answered, 0 failed"),
                            asker.text())
            self.assertIsNone(asker.told("error"), asker.text())
        for replier in repliers:
            self.assertTrue(replier.running(), replier.text())
            self.assertIsNone(replier.told("error"), replier.text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
