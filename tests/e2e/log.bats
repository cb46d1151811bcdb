#!/usr/bin/env bats
# shoal log: looking into a publisher's log, checking and repairing it.

load support

# A log of the numbers 0 to 99 in several segments.
make_log() {
  seq 0 99 | "$SHOAL_TEST_BIN/make_log" d 2000 >heads
}

# flip FILE POSITION: one bit of it.
flip() {
  python3 - "$1" "$2" <<'PY'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte ^ 4]))
PY
}

@test "prints every payload, or those from a place on" {
  make_log
  shoal log d | cmp - <(seq 0 99)
  shoal log d --from 95 | cmp - <(seq 95 99)
  shoal log d --from=-3 | cmp - <(seq 97 99)
  shoal log d --from @42.5 -n 2 | cmp - <(seq 43 44)
  shoal log d --from @1970-01-01T00:01:30Z | cmp - <(seq 90 99)
  shoal log d --from beginning -n 1 | cmp - <(echo 0)
  [ -z "$(shoal log d --from end)" ]
  shoal log d -0 -n 2 | cmp - <(printf '0\0001\000')
  [ "$(shoal log d | head -n 1)" = 0 ]
}

@test "JSON lines and templates tell all there is" {
  make_log
  shoal log d -J --from 7 -n 1 >line
  python3 - <<'PY'
import json
line = json.load(open("line"))
assert line["offset"] == 7 and line["epoch"] == 1 and line["ts"] == 7 * 10**9, line
assert line["topic"] == "msg" and line["payload"] == "7" and line["headers"] == {"n": "7"}, line
assert len(line["from"]) == 32, line
PY
  [ "$(shoal log d --from 7 -n 1 --format '%o/%e %t %h{n}%h{none} %p%%\t%T')" = \
    $'7/1 msg 7 7%\t7000000000' ]
}

@test "stats, for people and for programs" {
  make_log
  shoal log d --stats | grep -qE '^records +100$'
  [ "$(shoal log d --stats -J | python3 -c 'import json,sys; s = json.load(sys.stdin); print(s["first"], s["end"], s["segments"] > 2)')" = "0 100 True" ]
}

@test "works while somebody writes, who keeps repair out" {
  mkfifo lines
  "$SHOAL_TEST_BIN/make_log" d 2000 <lines >heads 3>&- &
  pids[writer]=$!
  exec 4>lines
  seq 0 49 >&4
  timeout "$limit" tail -n +1 -F heads 2>/dev/null | grep -qm1 '^50$'
  shoal log d | cmp - <(seq 0 49)
  fails 1 "another publisher writes to the log" log d --repair
  exec 4>&-
  wait "${pids[writer]}"
  shoal log d --verify
}

@test "damage: verify and reading say where, repair keeps the rest" {
  make_log
  first=$(ls d/*.log | head -n 1)
  shoal log d --verify
  flip "$first" 200
  fails 65 "$first is damaged at byte" log d --verify
  run --separate-stderr shoal log d
  [ "$status" -eq 65 ]
  [[ "$stderr" == *"shoal log d --repair"* ]]
  run --separate-stderr shoal log d --repair
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"set aside $first.damaged"*"99 records are whole"* ]]
  shoal log d --verify
  shoal log d 2>gaps >rest
  [ "$(wc -l <rest)" = 99 ]
  grep -q "are not there any more" gaps
  seq 100 109 | "$SHOAL_TEST_BIN/make_log" d 2000
  shoal log d --from 100 2>/dev/null | cmp - <(seq 100 109)
}

# print_and_fail ARG...: what stands before the damage is printed, and then the damage told.
print_and_fail() {
  local damage=$1
  shift
  run --separate-stderr shoal log d "$@"
  [ "$status" -eq 65 ] && [[ "$stderr" == *"$damage"* ]]
}

@test "damage in the last segment is told by reading, stats and verify alike" {
  make_log
  last=$(ls d/*.log | tail -n 1)
  base=$((10#$(basename "$last" .log)))
  size=$(stat -c %s "$last")
  cp -r d whole
  flip "$last" 70
  for what in -n100 --stats --verify; do print_and_fail "$last is damaged at byte 64: no valid record $base" $what; done
  print_and_fail "$last is damaged"
  [ "$output" = "$(seq 0 $((base - 1)))" ]
  shoal log d -n 5 | cmp - <(seq 0 4)

  # Cut where a record ends, which looks like a log that has no more.
  rm -r d && cp -r whole d
  next=$(python3 -c "print(64 + int.from_bytes(open('$last', 'rb').read()[64:68], 'little'))")
  truncate -s "$next" "$last"
  for what in -n100 --stats --verify; do print_and_fail "$last is damaged at byte $next" $what; done
  print_and_fail "$last is damaged"
  [ "$output" = "$(seq 0 "$base")" ]

  rm -r d && cp -r whole d
  rm "$last"
  for what in -n100 --stats --verify; do print_and_fail "$last is damaged at byte 0: it is missing" $what; done
  print_and_fail "it is missing"
  [ "$output" = "$(seq 0 $((base - 1)))" ]
  run --separate-stderr shoal log d --repair
  [[ "$stderr" == *"records $base to 99 are lost"* ]]
  shoal log d --verify
}

@test "an index tells of a last segment that is missing, where nothing else does" {
  make_log
  rm d/synced $(ls d/*.log | tail -n 2)
  for what in "" --stats --verify; do print_and_fail "it is missing" $what; done
  run --separate-stderr bash -c '"$SHOAL_BIN/shoal" publisher -q -b ipc://l --stream-bind ipc://s --log d </dev/null'
  [ "$status" -eq 65 ] && [[ "$stderr" == *"it is missing"* ]]
  shoal log d --repair 2>/dev/null
  shoal log d --verify
}

@test "a hole in the middle is told, and what is beside it counted" {
  make_log
  hole=$(ls d/*.log | sed -n 2p)
  first=$((10#$(basename "$hole" .log)))
  next=$((10#$(basename "$(ls d/*.log | sed -n 3p)" .log)))
  rm "$hole"
  for what in --stats --verify; do print_and_fail "it begins with record $next" $what; done
  run --separate-stderr shoal log d --stats
  [[ "$output" =~ records\ +$((100 - next + first)) ]]
  print_and_fail "it begins with record $next"
  [ "$output" = "$(seq 0 $((first - 1)); seq "$next" 99)" ]
}

@test "what makes no sense is refused" {
  fails 2 "which log" log
  fails 1 "there is no folder none" log none
  mkdir empty
  fails 65 "there is no log in empty" log empty
  make_log
  fails 2 "do not go together" log d --verify --repair
  fails 2 "is no place in a stream" log d --from yesterday
  fails 2 "means nothing in a format" log d --format '%q'
  fails 2 "means nothing in a format" log d --format 'x%'
}
