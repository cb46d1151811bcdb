#!/usr/bin/env bats
# Requests through the built nodes: what is asked and printed, exit codes, and what goes wrong.

load support.bash

# replier NAME ARG...: at ipc://NAME, in the background.
replier() {
  start "$1" replier -b "ipc://$1" "${@:2}" </dev/null
}

# ask ARG...: a requester that dials ipc://r.
ask() {
  shoal requester -c ipc://r "$@"
}

# asks CODE ARG...: as ask, and it exits with CODE; stdout and stderr go to out and err.
asks() {
  local code=0
  ask "${@:2}" >out 2>err || code=$?
  [ "$code" -eq "$1" ] || {
    echo "exit status $code, not $1: $(cat out err)"
    return 1
  }
}

# says TEXT: the last `asks` said so on stderr.
says() {
  grep -qF -e "$1" err || {
    echo "not said: $1; but: $(cat err)"
    return 1
  }
}

@test "one request: the reply on stdout, and the status of the remote command" {
  replier r -- sh -c 'cat; echo "$0" >&2; exit 7' {}
  asks 7 'a $(question)'
  [ "$(cat out)" = 'a $(question)' ]
  [ "$(cat err)" = 'a $(question)' ]
}

@test "without a command the reply is the request" {
  replier r
  asks 0 hello
  echo hello | same out
}

@test "a line of stdin is a request, and the last needs no line feed" {
  replier r -- tr a-z A-Z
  asks 0 < <(printf 'one\n\nthree')
  printf 'ONE\n\nTHREE\n' | same out
  says "3 requests, 3 answered, 0 failed"
}

@test "empty input ends at once, also with no replier" {
  asks 0 </dev/null
  says "0 requests"
}

@test "stdin is left alone when the request is an argument" {
  replier r
  { ask one; cat; } < <(echo two) >out
  printf 'one\ntwo\n' | same out
}

@test "a thousand requests come back in the order asked, whatever the order of the answers" {
  replier r -j 8 -- sh -c 'n=$(cat); sleep 0.00$((RANDOM % 10)); echo $n'
  seq 1000 >numbers
  asks 0 <numbers
  same out <numbers
}

@test "--unordered prints replies as they come" {
  mkfifo gate
  replier r -j 2 -- sh -c 'n=$(cat); [ "$n" != 1 ] || cat gate; echo $n'
  touch out
  printf '1\n2\n' | ask --unordered >out 2>err &
  timeout "$limit" tail -n +1 -f out | grep -qm1 2
  echo open >gate
  wait $!
  printf '2\nopen\n1\n' | same out
}

@test "an endless input is answered as it comes, and stdin closed in the middle of a line ends it" {
  replier r
  mkfifo in
  touch out
  ask <in >out 2>err &
  exec 9>in
  echo one >&9
  timeout "$limit" tail -n +1 -f out | grep -qm1 one
  printf half >&9
  exec 9>&-
  wait $!
  printf 'one\nhalf\n' | same out
}

@test "-0 cuts requests and ends replies with NUL" {
  replier r
  printf 'one\ntwo\0\0three' | ask -0 >out
  printf 'one\ntwo\0\0three\0' | cmp - out
}

@test "--raw prints replies as they are" {
  replier r -- printf '%s;' {}
  seq 3 | ask --raw >out
  printf '1;2;3;' | cmp - out
}

@test "-J tells id, node, status, stderr and payload of each" {
  replier r -- sh -c 'n=$(cat); echo "$n"; [ "$n" != 2 ] || { echo no >&2; kill -9 $$; }'
  asks 1 -J < <(printf '1\n2\n')
  python3 - <<'PY'
import json
one, two = map(json.loads, open("out"))
assert one["seq"] == 0 and one["status"] == 0 and one["payload"] == "1\n" and "stderr" not in one, one
assert two["seq"] == 1 and two["status"] == 137 and two["stderr"] == "no\n", two
assert len(one["id"]) == 32 and one["id"] != two["id"] and one["from"] == two["from"], (one, two)
PY
  stop r 0
  asks 69 -J -W 200ms <<<x
  grep -q '"status":69,"error":"no replier was there' out
}

@test "headers, the id and the attempt stand in the environment" {
  replier r -- sh -c 'echo "$SHOAL_HEADER_TRACE_ID $SHOAL_ATTEMPT ${#SHOAL_REQUEST}"'
  asks 0 -H 'trace-id: a:b' x
  echo 'a:b 1 32' | same out
}

@test "nobody there: 69 within the timeout" {
  run ask -W 500ms x
  [ "$status" -eq 69 ]
  [[ "$output" == *"no replier was there within 500ms"* ]]
}

@test "after a second with no replier it says for whom it waits" {
  asks 69 -W 1500ms x
  says "waiting for a replier at ipc://r"
}

@test "10,000 requests with no replier: each ends, once" {
  asks 69 -W 300ms --in-flight 10000 < <(seq 10000)
  says "10,000 requests, 0 answered, 10,000 failed"
  [ "$(grep -c 'no replier was there' err)" -eq 10000 ]
}

@test "a command that hangs: 124, and it is killed with all its children" {
  replier r -- sh -c 'sleep 1000 & echo $! >child; sleep 1000'
  asks 124 -W 3s x
  says "no answer within 3s"
  timeout "$limit" tail -f --pid "$(cat child)" /dev/null
}

@test "--timeout of the replier: 124, and it says so" {
  replier r --timeout 200ms -- sleep 1000
  asks 124 x
  says "took longer than its replier allows"
}

@test "a command that a signal ends: 128 + its number" {
  replier r -- sh -c 'kill -TERM $$'
  asks 143 x
  says "killed by SIGTERM"
}

@test "a command that is missing is refused at the start" {
  fails 2 "no such command" replier -b ipc://r -- no-such-command
}

@test "a command that is gone later, and one that writes without end: a clear error" {
  printf '#!/bin/sh\necho hi\n' >gone && chmod +x gone
  replier r -- ./gone
  asks 0 x
  rm gone
  asks 69 --retries 0 x
  says "could not start: No such file or directory"
  stop r 0
  replier r --max-size 1M -- sh -c 'echo >>ran; exec yes'
  asks 65 x
  says "the command wrote more output than its replier takes, which is 1M"
  [ "$(wc -l <ran)" -eq 1 ]
}

@test "a request over --max-size is an error of that request" {
  replier r
  asks 65 --max-size 10 12345678901
  says "too large: 11 bytes, and the limit is 10B; raise --max-size"
}

@test "a line over --max-size fails alone, and says which it is and how large" {
  replier r
  asks 65 --max-size 10 < <(printf '1\n12345678901\n1234567890\n'; head -c 1000000 /dev/zero)
  printf '1\n1234567890\n' | same out
  says "request 2: the request is too large: 11 bytes, and the limit is 10B"
  says "request 4: the request is too large: 1,000,000 bytes"
  says "4 requests, 2 answered, 2 failed"
  asks 65 --unordered --max-size 10 -J < <(printf '12345678901\n2\n')
  grep -q '"seq":0,"status":65,"error":"the request is too large: 11 bytes' out
  grep -q '"seq":1,.*"payload":"2"' out
}

@test "--max-size of either side bounds requests and replies, and is said with both sizes" {
  replier r --max-size 10 -- sh -c 'echo "$0" >>ran; cat' {}
  asks 65 --retries 9 12345678901
  says "the request is too large: 11 bytes, and the replier takes 10B; raise its --max-size"
  [ ! -e ran ]
  asks 65 < <(printf '1\n12345678901\n1234567890\n')
  printf '1\n1234567890\n' | same out
  says "request 2: the request is too large: 11 bytes"
  stop r 0
  rm ran
  replier r --max-size 2M -- sh -c 'echo "$0" >>ran; head -c "$0" /dev/zero' {}
  asks 65 --max-size 1M --retries 9 1048577
  says "the reply is too large: 1,048,577 bytes, and the asker takes 1M; raise its --max-size"
  asks 0 --max-size 1M --raw 1048576
  [ "$(stat -c %s out)" -eq 1048576 ]
  replier chain --max-size 1M --forward ipc://r -- cat
  code=0
  shoal requester -c ipc://chain 1048577 2>err || code=$?
  [ "$code" -eq 65 ]
  says "the reply is too large"
  code=0
  shoal requester -c ipc://chain --max-size 512K --reply-bind ipc://back 524289 2>err || code=$?
  [ "$code" -eq 65 ]
  says "the asker takes 512K"
  [ "$(wc -l <ran)" -eq 4 ]
}

@test "--mode stream: a line out for each line in" {
  replier r -j 1 --mode stream -- sed -u 's/$/!/'
  asks 0 < <(seq 1000)
  seq 1000 | sed 's/$/!/' | same out
  asks 65 $'two\nlines'
  says "line feed"
}

@test "--mode stream: a process that dies or hangs fails its request alone" {
  replier r -j 1 --mode stream --timeout 300ms -- \
    sh -c 'while read -r n; do [ "$n" != 2 ] || exit 3; [ "$n" != 3 ] || sleep 1000; echo "$n"; done'
  asks 1 --in-flight 1 --retries 0 --breaker 100/1s < <(seq 4)
  printf '1\n4\n' | same out
  says "request 2: no answer after 1 attempt"
  says "exit code 3"
  says "request 3: the command took longer"
}

@test "--mode stream: lines too many fail their request, and are no answer to the next" {
  replier r -j 1 --mode stream -- \
    sh -c 'while read -r n; do case $n in 2) printf "2\nextra\n";; *) echo "$n";; esac; done'
  asks 69 --in-flight 1 --retries 1 < <(seq 4)
  printf '1\n3\n4\n' | same out
  says "request 2: no answer after 2 attempts: the command wrote more lines than it was given"
}

@test "many requests: 124, 69 or 65 when all failed alike, else 1" {
  replier r -- sh -c 'n=$(cat); [ "$n" != slow ] || sleep 1000; [ "$n" != bad ]'
  asks 124 -W 3s < <(printf 'slow\ngood\nslow\n')
  asks 1 -W 3s < <(printf 'slow\ngood\nbad\n')
  asks 1 < <(printf 'good\nbad\n')
  asks 1 --max-size 9 < <(printf 'bad\n1234567890\n')
  asks 65 --max-size 9 < <(printf 'good\n1234567890\n')
  asks 0 < <(printf 'good\ngood\n')
}

@test "--notify: taken is enough" {
  replier r -- sh -c 'cat >>done; echo nobody reads this'
  asks 0 --notify < <(seq 10)
  [ ! -s out ]
  stop r 0
  [ "$(cat done | wc -c)" -eq 11 ]
  run ask --notify -W 200ms x
  [ "$status" -eq 69 ]
}

@test "--all and --replies: from every replier, each with who answered" {
  replier one -- sh -c 'echo one; echo more'
  replier two -- echo two
  shoal requester -c ipc://one,ipc://two --all question >out
  cut -f2 out | sort | same <(printf 'more\none\ntwo\n')
  [ "$(cut -f1 out | sort -u | wc -l)" -eq 2 ]
  shoal requester -c ipc://one,ipc://two --replies 1 question >out
  [ "$(cut -f1 out | sort -u | wc -l)" -eq 1 ]
}

@test "--all with a replier that fails: 1, and with one that hangs: 124 and what came" {
  replier one -- echo one
  replier two -- sh -c 'echo two; exit 7'
  replier slow -- sleep 1000
  run shoal requester -c ipc://one,ipc://two --all x
  [ "$status" -eq 1 ]
  [[ "$output" == *"exit code 7"* && "$output" == *one* && "$output" == *two* ]]
  run shoal requester -c ipc://one,ipc://slow --all -W 3s x
  [ "$status" -eq 124 ]
  [[ "$output" == *one* ]]
}

@test "several repliers compete, and one that dies has its requests answered elsewhere" {
  replier a -j 4 -- sh -c 'cat; echo >>ran.a'
  replier b -j 4 -- sh -c 'cat; echo >>ran.b'
  seq 400 >numbers
  shoal requester -c ipc://a,ipc://b <numbers >out 2>err &
  touch ran.a ran.b
  timeout "$limit" tail -n +1 -f ran.a | grep -qm1 ''
  timeout "$limit" tail -n +1 -f ran.b | grep -qm1 ''
  kill -9 $(ps -o pid= --ppid "${pids[a]}")
  wait $!
  same out <numbers
}

@test "the breaker: after so many failures nobody is asked, at once" {
  printf '#!/bin/sh\n' >missing && chmod +x missing
  replier r -- ./missing
  asks 0 x
  rm missing
  asks 69 --retries 0 --breaker 2/1h --in-flight 1 < <(seq 5)
  [ "$(grep -c 'could not start' err)" -eq 2 ]
  [ "$(grep -c 'failed too often' err)" -eq 3 ]
}

@test "--stale: an old reply when nobody answers, and it says so" {
  replier r
  asks 0 --stale 1h --stale-file kept < <(printf 'one\ntwo\n')
  stop r 0
  asks 0 --stale 1h --stale-file kept -W 200ms one
  echo one | same out
  says "an old one"
  asks 0 -J --stale 1h --stale-file kept -W 200ms two
  grep -q '"stale":true,"payload":"two"' out
  asks 69 --stale 1h --stale-file kept -W 200ms three
  asks 69 --stale 1ms --stale-file kept -W 200ms one
  fails 2 "go together" requester --stale 1h x
}

@test "--cache: a request asked again after its session broke is answered, not run twice" {
  mkfifo gate
  mkfifo started
  replier r --cache 1m -- sh -c 'echo x >>ran; echo >started; cat gate; cat'
  start q requester -c ipc://r -v -W 50s one </dev/null
  read -r <started
  # Nobody at home for so long that the requester gives the session up, and asks again later.
  kill -STOP "$(ps -o pid= --ppid "${pids[r]}")"
  heard q "silent for"
  echo open >gate
  kill -CONT "$(ps -o pid= --ppid "${pids[r]}")"
  ends q 0
  printf 'open\none\n' | same q.out
  [ "$(cat ran)" = x ]
}

@test "a chain of three walks back" {
  replier c -- sed 's/$/ c/'
  replier b --forward ipc://c -- sed 's/$/ b/'
  replier a --forward ipc://b -- sed 's/$/ a/'
  shoal requester -c ipc://a < <(seq 100) >out
  seq 100 | sed 's/$/ a b c/' | same out
}

@test "a chain of three answers directly at the return address" {
  replier c -- sed 's/$/ c/'
  replier b --forward ipc://c -- sed 's/$/ b/'
  replier a --forward ipc://b -- sed 's/$/ a/'
  shoal requester -c ipc://a --reply-bind ipc://back -v < <(seq 100) >out 2>err
  seq 100 | sed 's/$/ a b c/' | same out
  shoal requester -c ipc://a --reply-bind '127.0.0.1:*' direct >out
  echo 'direct a b c' | same out
}

@test "a chain: the link that fails answers, and nothing is passed on" {
  replier c -- sh -c 'echo >>ran; cat'
  replier b --forward ipc://c -- sh -c 'echo sorry; exit 9'
  run shoal requester -c ipc://b x
  [ "$status" -eq 9 ] && [ "$output" = sorry ]
  [ ! -e ran ]
}

@test "a chain whose next link is missing fails clearly" {
  replier b --forward ipc://c
  run shoal requester -c ipc://b -W 500ms x
  [ "$status" -eq 124 ] || [ "$status" -eq 69 ]
}

@test "repliers that forward in a circle: refused at once, with the reason" {
  replier a --forward ipc://b
  replier b --forward ipc://a
  replier alone --forward ipc://alone
  for way in a b a,ipc://b alone; do
    SECONDS=0
    code=0
    shoal requester -c "ipc://$way" -W 60s x 2>err || code=$?
    [ "$code" -eq 69 ] && [ "$SECONDS" -lt 20 ]
    says "the chain of repliers is a circle: look at what they --forward to"
  done
  code=0
  seq 100 | shoal requester -c ipc://a -W 60s >out 2>err || code=$?
  [ "$code" -eq 69 ] && [ ! -s out ]
  code=0
  shoal requester --all -c ipc://a,ipc://b -W 60s x 2>err || code=$?
  [ "$code" -eq 1 ]
  says "circle"
}

@test "repliers in a circle with a way out: it is found" {
  replier last -- sed 's/$/ out/'
  replier a --forward ipc://b,ipc://last
  replier b --forward ipc://a,ipc://last
  shoal requester -c ipc://a,ipc://b -W 60s < <(seq 100) >out
  seq 100 | sed 's/$/ out/' | same out
}

@test "a return address that nobody could dial is refused" {
  fails 2 "they reach" requester --reply-bind '*:5021' --insecure x
}

@test "options that make no sense are refused" {
  fails 2 "such as 5/5s" requester --breaker 5 x
  fails 2 "KEY:VALUE" requester -H novalue x
  fails 2 "choose one" requester --all --replies 2 x
  fails 2 "choose one" requester --raw -J x
  fails 2 "more than 0" requester -W 0 x
}

@test "Ctrl-C: a requester ends what is open, and asks no more" {
  mkfifo gate
  replier r -- sh -c 'cat gate; cat'
  mkfifo in
  exec 9<>in
  echo one >&9
  start q requester -c ipc://r <in 9>&-
  timeout "$limit" bash -c 'exec 3>gate' 9>&-
  kill -INT "${pids[q]}"
  heard q "finishing"
  ends q 130
  exec 9>&-
  [ "$(cat q.out)" = one ]
}

@test "Ctrl-C: a replier answers what it has begun" {
  mkfifo gate
  replier r -- sh -c 'cat gate; cat'
  ask one >out &
  exec 9>gate
  kill "${pids[r]}"
  heard r "finishing"
  exec 9>&-
  wait $!
  echo one | same out
  ends r 0
}

@test "a reader of stdout that leaves ends a requester quietly" {
  replier r
  seq 100000 | { ask 2>err || echo "$?" >code; } | head -n 1 >out
  echo 1 | same out
  [ "$(cat code)" -eq 141 ]
  [ "$(grep -c error err)" -eq 0 ]
}
