# Shared by the tests of the built executables. Each test has its folder, works in it, and leaves no
# process behind.

bats_require_minimum_version 1.5.0

# Nothing that works takes so long.
limit=60

declare -gA pids

setup() {
  cd "$BATS_TEST_TMPDIR"
  pids=()
}

teardown() {
  local name
  for name in "${!pids[@]}"; do kill "${pids[$name]}" 2>/dev/null || true; done
  for name in "${!pids[@]}"; do wait "${pids[$name]}" 2>/dev/null || true; done
}

# Descriptor 3 is bats' own, and 4 what a test feeds a named pipe through: nobody else may hold them.

# shoal ARG...: a node in the foreground.
shoal() {
  timeout --foreground -k 5 "$limit" "$SHOAL_BIN/shoal" "$@" 3>&- 4>&-
}

# start NAME ARG...: a node in the background, which gets one signal where one is sent; its stdout and
# stderr go to NAME.out and NAME.err, which are there, and empty, when this returns.
start() {
  local name=$1
  shift
  : >"$name.out" 2>"$name.err"
  timeout --foreground -k 5 "$limit" "$SHOAL_BIN/shoal" "$@" <&0 >"$name.out" 2>"$name.err" 3>&- 4>&- &
  pids[$name]=$!
}

# start_worker NAME ARG..., start_sink ARG...: at the usual endpoints, in the test's own folder.
start_worker() {
  local name=$1
  shift
  start "$name" worker --from ipc://v --to ipc://s "$@" </dev/null
}

start_sink() {
  start s sink -b ipc://s "$@" </dev/null
}

# ventilate ARG...: hands out what stands on stdin, in the foreground.
ventilate() {
  shoal ventilator -b ipc://v "$@"
}

# ends NAME CODE: the node ends by itself, with that exit code.
ends() {
  local code=0
  wait "${pids[$1]}" || code=$?
  unset "pids[$1]"
  [ "$code" -eq "$2" ] || {
    echo "$1 ended with $code, not $2: $(cat "$1.err")"
    return 1
  }
}

# stop NAME CODE: asks the node to drain; then as ends.
stop() {
  kill "${pids[$1]}"
  ends "$1" "$2"
}

# heard NAME TEXT: the node says so on stderr, or has done.
heard() {
  timeout "$limit" tail -n +1 -f "$1.err" 2>/dev/null | grep -q -m1 -F -e "$2" || {
    echo "$1 never said '$2': $(cat "$1.err")"
    return 1
  }
}

# fails CODE TEXT ARG...: the node ends at once with that code and says TEXT in one line on stderr
# that begins as an error does.
fails() {
  local code=$1 text=$2
  shift 2
  run --separate-stderr shoal "$@"
  [ "$status" -eq "$code" ] && [[ "$stderr" == *"$text"* ]] &&
    [ "$(grep -c ' error: ' <<<"$stderr")" = 1 ] && [ -z "$output" ] || {
    echo "exit status $status: $stderr $output"
    return 1
  }
}

# same FILE: stdin holds what the file holds.
same() {
  diff "$1" - >difference || {
    head -20 difference
    return 1
  }
}
