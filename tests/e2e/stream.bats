#!/usr/bin/env bats
# Streams through the built nodes: what is kept, read, gone on with, and what goes wrong.

load support.bash

# publish ARG...: a publisher at ipc://l and ipc://s, in the foreground.
publish() {
  shoal publisher -b ipc://l --stream-bind ipc://s "$@"
}

# start_publisher ARG...: the same in the background, called p.
start_publisher() {
  start p publisher -b ipc://l --stream-bind ipc://s "$@"
}

# keep ARG...: what stands on stdin goes into the log d, with nobody there.
keep() {
  publish -q --log d "$@"
}

# serve ARG...: serves the log d, in the background, until it is stopped.
serve() {
  start_publisher --log d --stay "$@" </dev/null
}

# read_stream ARG...: a subscriber that reads ipc://s, in the foreground.
read_stream() {
  shoal subscriber -q --stream ipc://s "$@"
}

# clock_passes EPOCH STARTS: so many starts later the log's epoch is in the past.
clock_passes() {
  python3 -c 'import sys, time; time.sleep(max(0, int(sys.argv[1]) + int(sys.argv[2]) - time.time()))' "$@"
}

@test "readers that start before, during and after print exactly what was published" {
  mkfifo lines
  start before subscriber --stream ipc://s --from beginning -n 100000
  start_publisher --log d --stay lines
  exec 4>lines
  seq 50000 >&4
  timeout "$limit" tail -n +1 -f before.out | grep -qm1 '^50000$'
  start during subscriber --stream ipc://s --from beginning -n 100000
  timeout "$limit" tail -n +1 -f during.out | grep -qm1 '^1$'
  seq 50001 100000 >&4
  exec 4>&-
  heard p "the input has ended"
  start after subscriber --stream ipc://s --from beginning -n 100000
  for name in before during after; do
    ends $name 0
    same $name.out < <(seq 100000)
  done
  stop p 0
  heard p "100,000 messages"
}

@test "a publisher stays until those who are connected have everything, and no longer" {
  start_publisher --wait-subscribers 2 < <(seq 200000)
  start a subscriber --stream ipc://s -n 200000
  start b subscriber --stream ipc://s -n 200000
  ends a 0
  ends b 0
  ends p 0
  seq 200000 | same a.out
  seq 200000 | same b.out
  seq 5 | publish -q
}

@test "without --log late readers get what memory holds, and are told what it does not" {
  start_publisher --stay --memory 64K < <(seq 100000)
  heard p "the input has ended"
  code=0
  shoal subscriber --stream ipc://s --until-end --from 0 >out 2>err || code=$?
  [ "$code" -eq 75 ]
  grep -qE 'trimmed: 0\.\.[0-9]+ of stream' err
  [ "$(tail -n 1 out)" = 100000 ] && [ "$(head -n 1 out)" -gt 1 ]
  read_stream --until-end --from 0 --skip-trimmed | same out
  read_stream --until-end | same out
  read_stream --until-end --skip-trimmed --from 0 -J | head -n 1 | grep -q '"event":"trimmed".*"offset":0,'
  stop p 0
}

@test "--from: an offset, the end, the last ones, a time" {
  seq 0 9 | keep
  shoal log d -n 1 --from 9 --format '%T' >then
  seq 10 19 | keep
  serve
  read_stream --until-end --from 15 | same <(seq 15 19)
  read_stream --until-end --from -3 | same <(seq 17 19)
  read_stream --until-end --from beginning -n 2 | same <(seq 0 1)
  read_stream --until-end --from "@$(sed 's/.\{9\}$/.&/' then)" | tail -n 10 | same <(seq 10 19)
  read_stream --until-end --from 1h-ago | same <(seq 0 19)
  [ -z "$(read_stream --until-end --from end)" ]
  read_stream --until-end --from 20 | same /dev/null
  fails 65 "ends before offset 20, and --from 21 is beyond that" subscriber --stream ipc://s --until-end --from 21
  fails 2 "is no place in a stream" subscriber --from yesterday
  stop p 0
}

@test "the stream goes on where the last publisher ended it, in a new epoch" {
  begun=$(date +%s)
  seq 3 | keep
  seq 4 6 | keep
  serve
  read_stream --until-end --format '%o %e %p' >out
  first=$(head -n 1 out | cut -d ' ' -f 2)
  second=$(tail -n 1 out | cut -d ' ' -f 2)
  [ "$first" -ge "$begun" ] && [ "$second" -gt "$first" ] && [ "$second" -le $((begun + limit)) ]
  printf '%s\n' "0 $first 1" "1 $first 2" "2 $first 3" "3 $second 4" "4 $second 5" "5 $second 6" |
    same out
  stop p 0
}

@test "topics: -K on one side, patterns and prefixes on the other" {
  printf '%s\n' 'a.x=1' 'a.y=2' 'b.x=3' 'a.x.z=4' '=5' | keep -K =
  echo six | keep -t a.x
  serve
  read_stream --until-end -s 'a.*' | same <(printf '1\n2\nsix\n')
  read_stream --until-end -s 'a.#' -s b.x | same <(printf '%s\n' 1 2 3 4 six)
  read_stream --until-end --prefix a.x | same <(printf '%s\n' 1 4 six)
  read_stream --until-end --last --format '%t %p' |
    same <(printf '%s\n' 'a.y 2' 'b.x 3' 'a.x.z 4' ' 5' 'a.x six')
  stop p 0
  fails 2 "choose one" subscriber -s a --prefix b
  fails 2 "stand for whole words" subscriber -s 'a*'
}

@test "headers, templates and NUL" {
  printf 'one\0two\nlines\0' | keep -0 -t t -H who:me -H 'what: that'
  serve
  [ "$(read_stream --until-end -n 1 --format '%t|%h{who}|%h{what}|%h{none}|%p')" = 't|me|that||one' ]
  read_stream --until-end -0 | cmp - <(printf 'one\0two\nlines\0')
  stop p 0
}

@test "what subscriber -J prints, publisher -J publishes again" {
  python3 - <<'EOF2' >lines
import json
for n in range(50):
    line = {"topic": f"t.{n % 3}", "payload": f"{n} \u00e9 \"\\ \t"}
    if n % 2: line["headers"] = {"n": str(n), "k": "\u20ac"}
    print(json.dumps(line))
print('{"topic":"bytes","payload_b64":"/wAB"}')
print('{"payload":""}')
EOF2
  keep -J <lines
  serve
  read_stream --until-end -J >first
  stop p 0
  mv d old
  start_publisher -J --log d --stay <first
  read_stream -n 52 -J >second
  stop p 0
  python3 - <<'EOF2'
import json
def told(name):
    return [[line.get(field) for field in ("topic", "payload", "payload_b64", "headers")]
            for line in map(json.loads, open(name))]
first, second, given = told("first"), told("second"), told("lines")
given[-1][0] = "msg"
assert first == second == given and len(first) == 52, (first, second)
EOF2
}

@test "a cursor goes on where it was, on stdout and with a file" {
  seq 10 | keep
  serve
  read_stream --cursor c -n 4 | same <(seq 4)
  read_stream --cursor c -n 4 --from end | same <(seq 5 8)
  read_stream --cursor c --until-end | same <(seq 9 10)
  [ -z "$(read_stream --cursor c --until-end)" ]
  read_stream --cursor f -o out -n 3
  read_stream --cursor f -o out --until-end
  same out < <(seq 10)
  stop p 0
}

@test "-o: replaced without a cursor, gone on with where there is one" {
  seq 3 | keep
  serve
  echo before | tee replaced >kept
  read_stream --until-end -o replaced
  same replaced < <(seq 3)
  read_stream --until-end -o kept --cursor c
  read_stream --until-end -o kept --cursor c
  same kept < <(echo before; seq 3)
  read_stream --until-end -o /dev/null
  mkfifo pipe
  read_stream --until-end -o pipe &
  cat pipe | same <(seq 3)
  wait $!
  stop p 0
}

@test "two subscribers do not write to one output, with or without cursors" {
  seq 3 | keep
  serve
  for first in "" "--cursor c"; do
    for second in "" "--cursor c2"; do
      start r subscriber --stream ipc://s -o out $first
      timeout "$limit" tail -n +1 -F out 2>/dev/null | grep -qm1 '^3$'
      cp out copy
      fails 1 "another process writes to out; end it first" subscriber --stream ipc://s -o out $second
      same copy <out
      stop r 143
      rm -f out c c2
    done
  done
  stop p 0
}

@test "a cursor at the end of an empty stream counts from there" {
  mkfifo lines
  start_publisher --log d lines
  exec 4>lines
  read_stream --cursor c --from end --until-end
  seq 3 >&4
  read_stream --cursor c -n 3 | same <(seq 3)
  exec 4>&-
  ends p 0
}

@test "several publishers are merged, each with its own cursor" {
  seq 100 | shoal publisher -q -b ipc://l --stream-bind ipc://s --log d1
  seq 101 200 | shoal publisher -q -b ipc://l --stream-bind ipc://s --log d2
  start one publisher -b ipc://l1 --stream-bind ipc://s1 --log d1 --stay </dev/null
  start two publisher -b ipc://l2 --stream-bind ipc://s2 --log d2 --stay </dev/null
  shoal subscriber -q --stream ipc://s1,ipc://s2 --until-end --cursor c >out
  sort -n out | same <(seq 200)
  [ -z "$(shoal subscriber -q --stream ipc://s1,ipc://s2 --until-end --cursor c)" ]
  # What is missing of one is not all there is, though cursors of both are known.
  stop two 0
  run shoal subscriber -q --stream ipc://s1,ipc://s2 --until-end --cursor c -W 500ms
  [ "$status" -eq 124 ]
  stop one 0
}

@test "a cursor of another stream is refused, and so is a log that was set back" {
  seq 10 | keep
  serve
  read_stream --cursor c --until-end >/dev/null
  stop p 0
  cp -r d backup
  seq 11 20 | keep
  serve
  read_stream --cursor c --until-end | same <(seq 11 20)
  stop p 0
  rm -r d && mv backup d
  clock_passes "$(shoal log d --stats -J | sed 's/.*"epoch":\([0-9]*\).*/\1/')" 3
  serve
  fails 65 "ends at offset 10, and was read up to 20" subscriber --stream ipc://s --cursor c --until-end
  stop p 0
  # It grows beyond the reader's place, in an epoch of its own.
  seq 101 120 | keep
  serve
  fails 65 "written anew before offset 20" subscriber --stream ipc://s --cursor c --until-end
  read_stream --until-end | same <(seq 10; seq 101 120)
  stop p 0
  rm -r d
  seq 30 | keep
  serve
  fails 65 "remove the cursor" subscriber --stream ipc://s --cursor c --until-end
  stop p 0
}

@test "either side may listen" {
  start r subscriber --stream-bind ipc://r -n 5
  seq 5 | shoal publisher -q -b ipc://l --stream-connect ipc://r --wait-subscribers 1
  ends r 0
  same r.out < <(seq 5)
}

@test "a reader that goes away ends the subscriber, and SIGTERM does" {
  seq 100000 | keep
  serve
  read_stream | head -n 1 | same <(echo 1)
  run bash -c "'$SHOAL_BIN/shoal' subscriber -q --stream ipc://s | head -n 1; exit \${PIPESTATUS[0]}"
  [ "$status" -eq 141 ]
  start r subscriber --stream ipc://s
  timeout "$limit" tail -n +1 -f r.out | grep -qm1 '^100000$'
  stop r 143
  same r.out < <(seq 100000)
  stop p 0
}

@test "-W ends a subscriber that waits, with 124" {
  run shoal subscriber -q --stream ipc://nobody -W 100ms
  [ "$status" -eq 124 ]
  run shoal subscriber -q -c ipc://nobody -W 100ms
  [ "$status" -eq 124 ]
}

@test "a publisher nobody comes to: -W, --linger and signals" {
  fails 69 "no peer came" publisher -b ipc://l --stream-bind ipc://s --wait-subscribers 1 -W 100ms \
    < <(seq 3)
  seq 3 | publish -q --linger 0
  seq 3 | publish -q --linger 50ms
  start_publisher --wait-subscribers 1 < <(seq 3)
  heard p "waiting for 1 subscribers"
  stop p 143
}

@test "--linger leaves though a reader has not everything" {
  start_publisher --wait-subscribers 1 --linger 0 --log d < <(seq 300000)
  start r subscriber --stream ipc://s -W 30s
  timeout "$limit" tail -n +1 -f r.out | grep -qm1 '^1$'
  kill -STOP "$(pgrep -P "${pids[r]}")" || true
  code=0
  wait "${pids[p]}" || code=$?
  unset "pids[p]"
  [ "$code" -eq 0 ] || [ "$code" -eq 75 ]
  kill -CONT "$(pgrep -P "${pids[r]}")"
  stop r 143
}

@test "--rate paces" {
  begun=$(date +%s%N)
  seq 21 | publish -q --rate 100/s
  [ $(($(date +%s%N) - begun)) -ge 190000000 ]
  fails 2 "write N/s" publisher --rate fast
}

@test "retention: whole files go, readers are told" {
  seq 20000 | keep --segment 64K --retain-size 256K
  [ "$(ls d/*.log | wc -l)" -le 6 ]
  serve --retain-age 1h
  code=0
  read_stream --until-end --from 0 >out || code=$?
  [ "$code" -eq 75 ]
  [ "$(tail -n 1 out)" = 20000 ] && [ "$(head -n 1 out)" -gt 1 ]
  stop p 0
}

@test "--fsync in all its ways" {
  seq 3 | keep --fsync none
  seq 4 6 | keep --fsync interval:100ms
  seq 7 9 | keep --fsync group
  shoal log d | same <(seq 9)
  fails 2 "write group, interval:DUR or none" publisher --log d --fsync sometimes
}

@test "lines that make no message: 65 and the line, or --skip-bad and a count" {
  printf '%s\n' '{"payload":"1"}' '{"payload":' '{"payload":"3"}' >lines
  fails 65 "lines: line 2: not a JSON object" publisher -b ipc://l --stream-bind ipc://s --log d -J lines
  shoal log d | same <(echo 1)
  shoal publisher -b ipc://l --stream-bind ipc://s --log e -J --skip-bad lines 2>err
  shoal log e | same <(printf '1\n3\n')
  grep -q '2 messages, 1 bad lines' err
  printf 'a=1\nb\n' >keyed
  fails 65 "keyed: line 2: no '=' between" publisher -b ipc://l --stream-bind ipc://s -K = keyed
  printf 'a\001b=1\n' >keyed
  fails 65 "control characters" publisher -b ipc://l --stream-bind ipc://s -K = keyed
  printf '%0300d=1\n' 0 >keyed
  fails 65 "255 is the most" publisher -b ipc://l --stream-bind ipc://s -K = keyed
  fails 65 "cannot open none" publisher -b ipc://l --stream-bind ipc://s none
}

@test "topics that cannot be, and options that make no sense together" {
  fails 2 "control characters" publisher -t $'a\tb'
  fails 2 "255 is the most" publisher -t "$(printf '%0300d' 0)"
  fails 2 "choose one" publisher -J -K :
  fails 2 "choose one" publisher --stay --linger 1s
  fails 2 "choose one" publisher --log d --memory 1M
  fails 2 "give --log DIR" publisher --retain-size 1M
  fails 2 "--skip-bad is for" publisher --skip-bad
  fails 2 "choose one" subscriber --raw -J
  fails 2 "choose one" subscriber --last --from 3
  fails 2 "neither a past nor a cursor" subscriber -c ipc://l --cursor c
  fails 2 "means nothing in a format" subscriber --format %q
}

@test "two publishers on one log: the second one says so" {
  serve
  heard p "the input has ended"
  fails 1 "another publisher writes to the log d" publisher -b ipc://l2 --stream-bind ipc://s2 --log d
  stop p 0
}

@test "a corrupt log is refused with the place and the remedy, and goes on once repaired" {
  seq 20000 | keep --segment 64K
  first=$(ls d/*.log | head -n 1)
  printf X | dd of="$first" bs=1 seek=5000 conv=notrunc status=none
  fails 65 "$first is damaged at byte" publisher -b ipc://l --stream-bind ipc://s --log d
  run shoal publisher -q -b ipc://l --stream-bind ipc://s --log d </dev/null
  [[ "$output" == *"shoal log d --repair"* ]]
  shoal log d --repair 2>/dev/null
  serve
  code=0
  read_stream --until-end >out || code=$?
  [ "$code" -eq 75 ]
  [ "$(tail -n 1 out)" = 20000 ]
  stop p 0
}

@test "a torn end is cut off, and that is said" {
  seq 100 | keep --fsync none
  last=$(ls d/*.log | tail -n 1)
  rm -f d/synced
  truncate -s -3 "$last"
  seq 101 | publish --log d 2>err
  grep -qE 'cut [0-9]+ bytes off the end' err
  shoal log d --verify
  shoal log d | same <(seq 99; seq 101)
}
