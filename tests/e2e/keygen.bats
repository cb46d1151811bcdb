#!/usr/bin/env bats
# Keys: how they are made, and what they keep out.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
}

teardown() {
  local running
  running=$(jobs -p)
  [ -z "$running" ] || kill -9 $running 2>/dev/null || true
}

shoal() {
  "$SHOAL_BIN/shoal" "$@"
}

# expect_status CODE: how the last `run` ended.
expect_status() {
  [ "$status" -eq "$1" ] || { echo "exit status $status, not $1: $output"; return 1; }
}

# listening PID FILE: the endpoint that the node listens on, once it says so on its stderr, FILE.
listening() {
  timeout 60 tail -n +1 -f --pid="$1" "$2" | grep -m 1 -oE 'tcp://127[0-9.:]*'
}

@test "keygen writes a pair, says where it is and what comes next" {
  run --separate-stderr shoal keygen alice
  expect_status 0
  [ "$output" = "alice.pub"$'\n'"alice.key" ]
  [[ "$stderr" == *"copy alice.pub into the --trust folder"* ]]
  [ "$(stat -c %a alice.key)" = 600 ]
  grep -q secret-key alice.key
  ! grep -q secret-key alice.pub
}

@test "keygen makes the folder that it is told" {
  run --separate-stderr shoal keygen --dir a/b bob -q
  expect_status 0
  [ "$output" = "a/b/bob.pub"$'\n'"a/b/bob.key" ]
  [ -z "$stderr" ]
  [ -s a/b/bob.pub ] && [ -s a/b/bob.key ]
}

@test "keygen never overwrites a key" {
  shoal keygen -q alice
  cp alice.key before
  run shoal keygen alice
  expect_status 77
  [[ "$output" == "shoal keygen: error: alice.key exists already"* ]]
  cmp alice.key before
}

@test "keygen needs a plain name and a folder that it can write" {
  run shoal keygen
  expect_status 2
  run shoal keygen ../alice
  expect_status 2
  [[ "$output" == *"--dir"* ]]
  run shoal keygen alice bob
  expect_status 2
  touch file
  run shoal keygen --dir file/x alice
  expect_status 1
  [[ "$output" == "shoal keygen: error: cannot make file/x"* ]]
}

@test "keygen has a help page, and shoal lists it" {
  run shoal help keygen
  expect_status 0
  [[ "$output" == "Usage: shoal keygen"*"--dir DIR"* ]]
  run shoal help
  [[ "$output" == *TOOLS*keygen* ]]
}

@test "nodes with keys work together over tcp, and a stranger gets nothing" {
  mkdir trusted
  for node in source hand store; do
    shoal keygen -q "$node"
    cp "$node.pub" trusted/
  done
  shoal keygen -q stranger
  seq 1000 >tasks
  : >source.err >store.err

  "$SHOAL_BIN/shoal" ventilator -b 'tcp://127.0.0.1:*' --key source.key --trust trusted \
    -W 30s tasks 2>source.err &
  source=$!
  "$SHOAL_BIN/shoal" sink -b 'tcp://127.0.0.1:*' --key store.key --trust trusted \
    -W 30s -o results 2>store.err &
  store=$!
  from=$(listening $source source.err)
  to=$(listening $store store.err)

  run shoal worker --from "$from" --to "$to" --key stranger.key --trust trusted -W 1s
  expect_status 69
  run shoal worker --from "$from" --to "$to" -W 1s
  expect_status 69
  grep -q "turned away a node whose key is not trusted" source.err
  [ ! -s results ]

  shoal worker --from "$from" --to "$to" --key hand.key --trust trusted --once
  wait $source
  wait $store
  sort -n results | cmp - tasks
}

@test "a key that others can read is refused" {
  shoal keygen -q alice
  chmod 644 alice.key
  run shoal sink --key alice.key --trust alice.pub
  expect_status 77
  [[ "$output" == *"chmod 600"* ]]
}
