#!/usr/bin/env bats
# The live lane through the built nodes: who is there gets it, and what is missing is told.

load support.bash

# start_publisher ARG...: a publisher at ipc://l and ipc://s, in the background, called p.
start_publisher() {
  start p publisher -b ipc://l --stream-bind ipc://s "$@"
}

# start_live NAME ARG...: a live subscriber in the background.
start_live() {
  start "$1" subscriber -c ipc://l "${@:2}"
}

# node_of NAME: the process id of the node, which a time limit runs for us.
node_of() {
  pgrep -P "${pids[$1]}"
}

@test "whoever is there before gets everything, by topics" {
  start_publisher -K : --wait-subscribers 3 < <(printf '%s\n' a.b:1 a.c:2 b:3 a:4)
  start_live all --until-end
  start_live some -s 'a.*' --until-end
  start_live prefix --prefix a --until-end
  for name in all some prefix p; do ends $name 0; done
  seq 4 | same all.out
  seq 2 | same some.out
  printf '1\n2\n4\n' | same prefix.out
}

@test "-J and --format tell all there is" {
  start_publisher -t t.x -H k:v --wait-subscribers 2 < <(printf 'one\n\xff\n')
  start_live json -J --until-end
  start_live text --format '%t %s %e %h{k} [%o] %p' -n 1
  ends text 0
  ends json 0
  ends p 0
  [ "$(cat text.out)" = 't.x 0 0 v [] one' ]
  python3 - <<'PY'
import json
one, two = map(json.loads, open("json.out"))
assert one["topic"] == "t.x" and one["payload"] == "one" and one["seq"] == 0, one
assert one["headers"] == {"k": "v"} and len(one["from"]) == 32 and one["ts"] > 10**18, one
assert two["payload_b64"] == "/w==" and two["seq"] == 1 and "offset" not in two, two
PY
}

@test "either side may listen" {
  start s subscriber -b ipc://r -n 3
  seq 3 | shoal publisher -q -c ipc://r --stream-bind ipc://s --wait-subscribers 1
  ends s 0
  seq 3 | same s.out
}

@test "-n leaves, and a reader of the output that has enough ends it" {
  start_publisher --stay < <(yes)
  start_live two -n 2
  ends two 0
  printf 'y\ny\n' | same two.out
  run bash -c "'$SHOAL_BIN/shoal' subscriber -q -c ipc://l | head -n 1; exit \${PIPESTATUS[0]}"
  [ "$status" -eq 141 ]
  stop p 143
}

@test "a subscriber that is too slow is told what it missed, on stderr and as JSON" {
  mkfifo lines
  start_publisher lines
  exec 4>lines
  start_live slow -J --until-end
  start_live quick --until-end
  # Until both are there.
  until [ -s slow.out ] && [ -s quick.out ]; do echo begin >&4; done
  kill -STOP "$(node_of slow)"
  yes "$(printf '%0900d' 0)" | head -n 100000 >&4
  exec 4>&-
  timeout "$limit" tail -n +1 -f p.err | grep -qm1 'until those who are connected'
  kill -CONT "$(node_of slow)"
  ends slow 75
  ends p 0
  heard slow "messages of publisher"
  python3 - <<'PY'
import json
told = list(map(json.loads, open("slow.out")))
gaps = [line for line in told if line.get("event") == "gap"]
assert gaps and all(gap["topic"] == "msg" and gap["count"] > 0 for gap in gaps), gaps[:2]
seqs = set()
for line in told:
    new = range(line["seq"], line["seq"] + line.get("count", 1))
    assert seqs.isdisjoint(new)
    seqs.update(new)
first = min(seqs)
assert seqs == set(range(first, max(seqs) + 1)) and len(seqs) > 100000, (first, len(seqs))
PY
}

@test "--on-full block waits for the slow one, and nobody misses anything" {
  start_publisher --on-full block --wait-subscribers 2 < <(seq 200000)
  start_live slow --until-end
  start_live quick --until-end
  timeout "$limit" tail -n +1 -f slow.out | grep -qm1 '^1$'
  kill -STOP "$(node_of slow)"
  sed -n 1p quick.out
  kill -CONT "$(node_of slow)"
  ends slow 0
  ends quick 0
  ends p 0
  seq 200000 | same slow.out
  seq 200000 | same quick.out
}

@test "a live message is synced into the log before anyone sees it" {
  mkfifo lines
  start_live s --until-end
  start_publisher --log d --fsync interval:1h --wait-subscribers 1 lines
  exec 4>lines
  echo one >&4
  timeout "$limit" bash -c 'until [ -s s.out ]; do :; done'  # the first sync is at once
  echo two >&4
  timeout "$limit" bash -c 'until [ "$("$0" log d | tail -n 1)" = two ]; do :; done' \
    "$SHOAL_BIN/shoal"
  echo one | same s.out
  exec 4>&-
  ends p 0
  ends s 0
  printf 'one\ntwo\n' | same s.out
}
