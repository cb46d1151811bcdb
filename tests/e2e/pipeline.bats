#!/usr/bin/env bats
# Jobs through the built nodes: how tasks are cut, run and written, and who connects to whom.

load support.bash

# job SINK_OPTIONS -- WORKER_OPTIONS --- VENTILATOR_OPTIONS: one job from stdin to the file out.
job() {
  local -a sink=() worker=()
  while [ "$1" != -- ]; do sink+=("$1") && shift; done
  shift
  while [ "$1" != --- ]; do worker+=("$1") && shift; done
  shift
  start_sink -o out "${sink[@]}"
  start_worker w --once "${worker[@]}"
  ventilate "$@"
  ends s 0
  ends w 0
}

@test "what goes in comes out" {
  seq 10000 >tasks
  job -- --- <tasks
  sort -n out | same tasks
}

@test "empty input is a job that ends well" {
  job -- --- </dev/null
  [ -e out ] && [ ! -s out ]
  heard s "0 tasks, 0 done, 0 failed, 0 missing"
}

@test "empty input ends at once on the plain lane" {
  shoal ventilator --plain -b ipc://v </dev/null
}

@test "a last line without a line feed is a task" {
  job -k -- --- < <(printf 'one\n\ntwo')
  printf 'one\n\ntwo\n' | same out
}

@test "-0 cuts tasks and ends results with NUL" {
  printf 'one\ntwo\0\0three\0' >tasks
  job -k -0 -- --- -0 <tasks
  cmp out tasks
}

@test "--whole makes each FILE a task, byte for byte" {
  printf 'no line feed' >a
  printf 'two\nlines\n' >b
  : >c
  head -c 100000 /dev/urandom >d
  job -k -- --- --whole a b c d
  cat a b c d | cmp out
}

@test "--whole gives each FILE to a command as it is" {
  printf 'two\nlines\n' >a
  printf 'no line feed' >b
  job -k -- -- wc -c --- --whole a b
  printf '10\n12\n' | same out
}

@test "-J writes job, seq and payload" {
  job -J -- --- --job numbers -0 < <(printf 'plain\0\xff\xfe\0q"\n\0')
  python3 - <<'PY'
import base64, json
lines = sorted((json.loads(line) for line in open("out")), key=lambda line: line["seq"])
assert [line["seq"] for line in lines] == [0, 1, 2], lines
assert all(line["job"] == "numbers" for line in lines), lines
assert lines[0]["payload"] == "plain", lines
assert base64.b64decode(lines[1]["payload_b64"]) == b"\xff\xfe", lines
assert lines[2]["payload"] == 'q"\n', lines
PY
}

@test "--failed keeps what failed, with its status, error and payload" {
  start_sink -o out --failed letters
  start_worker w --once -- sh -c 'read -r n; [ "$n" != 2 ] || { echo no >&2; exit 7; }; echo "$n"'
  run ventilate --job numbers < <(seq 3)
  [ "$status" -eq 1 ]
  ends s 1
  ends w 0
  sort out | same <(printf '1\n3\n')
  python3 - <<'PY'
import json
[letter] = [json.loads(line) for line in open("letters")]
assert letter["job"] == "numbers" and letter["seq"] == 1 and letter["attempts"] == 3, letter
assert letter["status"] == "exit code 7" and letter["error"] == "no\n", letter
assert letter["payload"] == "2", letter
PY
}

@test "every task that fails is counted" {
  start_sink
  start_worker w --once -- sh -c 'exit 1'
  run --separate-stderr ventilate < <(seq 20)
  [ "$status" -eq 1 ]
  [[ "$stderr" == *"20 tasks, 0 done, 20 failed"* ]]
  ends s 1
  heard s "20 tasks, 0 done, 20 failed, 0 missing"
}

@test "--timeout ends a task" {
  start_sink --failed letters
  start_worker w --once --timeout 200ms -- sleep 1000
  run ventilate --attempts 1 < <(echo task)
  [ "$status" -eq 1 ]
  ends s 1
  grep -q '"status":"timed out"' letters
}

@test "-k writes in the order of the tasks, whoever is slow" {
  seq 60 >tasks
  start_sink -k
  local slow='read -r n; [ $((n % 3)) -ne 1 ] || sleep 0.1; echo "$n"'
  for name in w1 w2 w3; do start_worker "$name" -j 2 -- sh -c "$slow"; done
  ventilate <tasks
  ends s 0
  same s.out <tasks
}

@test "{} is one argument, whatever is in the task" {
  printf 'a b\0"c" '"'"'d'"'"'\0e\nf\0$(g) *\0-n\0' >tasks
  job -k -0 -- -j 1 -- printf '<%s>[%s]' x{}y {} --- -0 <tasks
  printf '<xa by>[a b]\0<x"c" '"'"'d'"'"'y>["c" '"'"'d'"'"']\0<xe\nfy>[e\nf]\0<x$(g) *y>[$(g) *]\0<x-ny>[-n]\0' |
    cmp out
}

@test "a task stands on stdin too" {
  job -k -- -- cat --- < <(printf 'one\ntwo\n')
  printf 'one\ntwo\n' | same out
}

@test "--mode batch gives a process many tasks" {
  seq 1000 >tasks
  job -- --mode batch -- sh -c 'echo run >>runs; cat' --- <tasks
  sort -n out | same tasks
  [ "$(wc -l <runs)" -lt 500 ]
}

@test "--mode stream keeps one process a slot" {
  seq 1000 >tasks
  job -- -j 2 --mode stream -- sh -c 'echo run >>runs; exec sed -u s/^/x/' --- <tasks
  sed s/^/x/ tasks | sort | same <(sort out)
  [ "$(wc -l <runs)" -le 2 ]
}

@test "a command knows its job, task and attempt" {
  job -k -- -- sh -c '[ "$SHOAL_ATTEMPT" = 2 ] && echo "$SHOAL_JOB $SHOAL_SEQ"' --- --job name \
    < <(seq 3)
  printf 'name 0\nname 1\nname 2\n' | same out
}

@test "stdin is left alone when FILEs are given" {
  echo task >tasks
  echo "for somebody else" >in
  start_sink
  start_worker w --once
  {
    ventilate tasks
    cat >rest
  } <in
  ends s 0
  same rest <in
  same s.out <tasks
}

@test "- is stdin among FILEs" {
  echo one >a
  echo three >b
  job -k -- --- a - b < <(echo two)
  printf 'one\ntwo\nthree\n' | same out
}

@test "--keep-open has one job after another" {
  start_sink -o out --keep-open
  start_worker w
  seq 1 10 | ventilate
  seq 11 20 | ventilate
  stop s 143
  sort -n out | same <(seq 20)
}

@test "two ventilators share a worker" {
  start_sink -o out --keep-open
  start w worker --from ipc://v1,ipc://v2 --to ipc://s </dev/null
  seq 1 500 >first
  start v1 ventilator -b ipc://v1 first
  seq 501 1000 >second
  start v2 ventilator -b ipc://v2 second
  ends v1 0
  ends v2 0
  stop s 143
  sort -n out | same <(seq 1000)
}

@test "two sinks share a job: each result is in exactly one" {
  seq 100000 >tasks
  start s1 sink -b ipc://s1 -o out1 </dev/null
  start s2 sink -b ipc://s2 -o out2 </dev/null
  start w worker --from ipc://v --to ipc://s1,ipc://s2 </dev/null
  ventilate tasks
  ends s1 0
  ends s2 0
  [ -s out1 ] && [ -s out2 ]
  sort -n out1 out2 | same tasks
}

@test "the worker may be the one that listens" {
  seq 100 >tasks
  start w worker --from-bind ipc://f --to-bind ipc://t --once </dev/null
  start s sink -c ipc://t -o out </dev/null
  shoal ventilator -c ipc://f <tasks
  ends s 0
  ends w 0
  sort -n out | same tasks
}

@test "each node waits for the others, whoever comes first" {
  echo task >tasks
  start v ventilator -b ipc://v tasks
  heard v "waiting for a worker to dial ipc://v"
  start_worker w
  heard w "waiting for a sink at ipc://s"
  start_sink
  ends v 0
  ends s 0
  same s.out <tasks
}

@test "help pages tell every option and fit a hundred columns" {
  for node in ventilator worker sink; do
    run --separate-stderr shoal "$node" --help
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    [ -z "$(awk 'length > 100' <<<"$output")" ]
    [[ "$output" == "Usage: shoal $node"*--plain*--key*"EXIT STATUS"* ]]
  done
}

@test "the plain lane goes through the built nodes, whatever the mode" {
  seq 500 >tasks
  local mode
  for mode in each batch stream; do
    start_sink --plain -n 500
    start_worker w --plain --mode "$mode" -- sed -u s/^/x/
    ventilate --plain <tasks
    ends s 0
    stop w 0
    sed s/^/x/ tasks | sort | same <(sort s.out)
  done
}

@test "the plain lane says that it is at most once" {
  start_sink --plain -n 3
  start_worker w --plain
  run --separate-stderr ventilate --plain < <(seq 3)
  [ "$status" -eq 0 ]
  [[ "$stderr" == *"3 tasks"*"handed out (plain lane: at most once)"* ]]
  ends s 0
  seq 3 | same s.out
}

@test "a command that is dear to start gets many tasks in --mode batch" {
  seq 20000 >tasks
  start_sink -o out
  start_worker w --once -j 2 --mode batch -- sh -c 'sleep 0.2; cat; echo >>runs'
  ventilate tasks
  ends w 0
  ends s 0
  sort -n out | same tasks
  [ "$(wc -l <runs)" -lt 200 ]
}

@test "a result that is larger than the sink takes is a dead letter" {
  seq 2 >tasks
  start_sink -o out --failed failed
  start_worker w --once --max-size 100M -- head -c 90000000 /dev/zero
  run -1 ventilate tasks
  ends w 0
  ends s 1
  [ "$(grep -c "more than the sink takes; raise the sink's --max-size" failed)" -eq 2 ]
}

@test "a job that was over before is said to be, and nothing is done again" {
  seq 10 >tasks
  start_sink -o out
  start_worker w --once
  ventilate --journal journal tasks
  ends w 0
  ends s 0
  run -0 --separate-stderr ventilate --journal journal tasks
  [[ "$stderr" == *"this job was over before"* ]]
  sort -n out | same tasks
}

@test "results that were kept and are gone are told, and the ledger stays" {
  seq 300 >tasks
  mkfifo go
  start v ventilator -b ipc://v --journal journal tasks </dev/null
  # The last task, and so the job, does not end before somebody opens `go`.
  start_worker w -j 2 --mode each -- sh -c 'read -r n; [ "$n" != 300 ] || : <go; echo "$n"'
  start_sink -o out
  timeout "$limit" tail -n +1 -F out 2>/dev/null | head -n 250 >/dev/null
  kill -9 "$(pgrep -P "${pids[s]}")"
  wait "${pids[s]}" || true
  # Sets the sink back to before its first result, as a copy restored from a backup would.
  rm out out.shoal-wal
  start_sink -o out
  timeout "$limit" sh -c ': >go'
  ends s 65
  heard s "that were kept are gone"
  [ -e out.shoal ]
}
