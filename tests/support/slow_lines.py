"""A command for workers in --mode stream: answers each line X with `done X`, SECONDS later."""
import sys
import time

for line in sys.stdin:
    time.sleep(float(sys.argv[1]))
    sys.stdout.write(f"done {line}")
    sys.stdout.flush()
