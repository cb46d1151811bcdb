#!/usr/bin/env bats
# The command line as people meet it: help pages, complaints, and exit codes.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  # A house of our own, where the probe stands for a real node.
  mkdir beside
  cp "$SHOAL_BIN/shoal" beside/shoal
  ln -s "$SHOAL_TEST_BIN/probe" beside/worker
}

probe() {
  "$SHOAL_TEST_BIN/probe" "$@"
}

shoal() {
  beside/shoal "$@"
}

# expect_status CODE: how the last `run` ended.
expect_status() {
  [ "$status" -eq "$1" ] || { echo "exit status $status, not $1: $output"; return 1; }
}

expect_output() {
  [ "$output" = "$1" ] || { echo "got: $output"; return 1; }
}

@test "help pages go to stdout, fit a hundred columns, and exit 0" {
  for page in "probe --help" "probe -h" "shoal help" "shoal --help" "shoal help worker"; do
    run --separate-stderr $page
    expect_status 0
    [ -z "$stderr" ]
    [ "$(awk 'length > 100' <<<"$output")" = "" ]
    [[ "$output" == "Usage: shoal "* ]]
    [[ "$output" == *EXAMPLES* ]]
  done
}

@test "a help page names every kind of option with its default" {
  run probe --help
  [[ "$output" == *"-j, --jobs N "*"[default: 4]"* ]]
  [[ "$output" == *"--max-size SIZE "*"[default: 64M]"* ]]
  [[ "$output" == *"-b, --bind ENDPOINTS "*"(also --listen)"* ]]
  [[ "$output" == *"--log-format text|json"* ]]
  [[ "$output" == *"EXIT STATUS"* ]]
}

@test "a help page that cannot be written is an error, one that nobody reads on is none" {
  run bash -c '"$SHOAL_TEST_BIN/probe" --help >/dev/full'
  expect_status 75
  run bash -c '"$SHOAL_TEST_BIN/probe" --help | true; exit "${PIPESTATUS[0]}"'
  expect_status 0
}

@test "the version is the same everywhere" {
  run shoal --version
  expect_status 0
  [[ "$output" =~ ^shoal\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
  version=$output
  run probe -V
  expect_output "$version"
}

@test "shoal alone prints its help and exits 2" {
  run --separate-stderr shoal
  expect_status 2
  [ -z "$output" ]
  [[ "$stderr" == "Usage: shoal NODE"* ]]
}

@test "an unknown node suggests the nearest one" {
  run shoal wroker
  expect_status 2
  expect_output "shoal: error: there is no node 'wroker' (did you mean worker?); see shoal help"
  run shoal help wroker
  expect_status 2
  run shoal --frobnicate
  expect_status 2
  run shoal xyzzy
  expect_output "shoal: error: there is no node 'xyzzy'; see shoal help"
}

@test "shoal runs the node beside it, with its arguments as they are" {
  run shoal worker --text "two  words" -- "" "a b" --help
  expect_status 0
  [[ "$output" == *"text=two  words"*"word="$'\n'"word=a b"$'\n'"word=--help"* ]]
}

@test "an installed node is preferred to what happens to stand beside shoal" {
  mkdir -p prefix/bin prefix/libexec/shoal
  cp "$SHOAL_BIN/shoal" prefix/bin/shoal
  ln -s "$SHOAL_TEST_BIN/probe" prefix/libexec/shoal/worker
  printf '#!/bin/sh\necho stranger\n' >prefix/bin/worker
  chmod +x prefix/bin/worker
  run prefix/bin/shoal worker
  expect_status 0
  [[ "$output" == *"jobs=4"* ]]
}

@test "a node's exit status is passed on" {
  run shoal worker --fail peer
  expect_status 69
}

@test "a node that is not installed is told with the places looked at" {
  run shoal sink
  expect_status 1
  [[ "$output" == *"is not installed"*"libexec/shoal/sink"* ]]
}

@test "usage errors are one line, name the option, and exit 2" {
  run probe --jobs x
  expect_status 2
  expect_output "shoal probe: error: --jobs: 'x' is not a number from 1 to 1024; see shoal probe --help"
  run probe --jbos 4
  expect_status 2
  expect_output "shoal probe: error: --jbos: no such option (did you mean --jobs?); see shoal probe --help"
  run probe --jobs
  expect_status 2
  expect_output "shoal probe: error: --jobs: needs a value; see shoal probe --help"
}

@test "errors end with their own code and one line, whatever is thrown" {
  run probe --fail error
  expect_status 1
  expect_output "shoal probe: error: it broke; mend it"
  run probe --fail exception
  expect_status 1
  expect_output "shoal probe: error: nobody caught this"
  run probe --fail memory
  expect_status 1
  [[ "$output" == "shoal probe: error: out of memory"* ]]
}

@test "the command line beats the environment, which beats the config file" {
  printf 'jobs = 2\ntext = "from the file"\n[probe]\npause = "2s"\n' >shoal.toml
  run --separate-stderr env SHOAL_PROBE_JOBS=3 "$SHOAL_TEST_BIN/probe" --config shoal.toml
  [[ "$output" == *"text=from the file"*"jobs=3"*"pause=2s"* ]]
  run --separate-stderr env SHOAL_PROBE_JOBS=3 "$SHOAL_TEST_BIN/probe" --config shoal.toml -j 5
  [[ "$output" == *"jobs=5"* ]]
}

@test "stderr holds the lines asked for, safe for a terminal, without colour in a pipe" {
  run --separate-stderr probe
  [ "$stderr" = "shoal probe: informing
shoal probe: warning: warning \\x1b[31m of what is to come" ]
  run --separate-stderr probe -v
  [[ "$stderr" == "shoal probe: debug: debugging"* ]]
  run --separate-stderr probe -q
  [ -z "$stderr" ]
}

@test "lines on stderr can be JSON" {
  run --separate-stderr probe --log-format json
  python3 - "$stderr" <<'PY'
import json, sys
lines = [json.loads(line) for line in sys.argv[1].splitlines()]
assert [line["level"] for line in lines] == ["info", "warning"], lines
assert all(line["node"] == "probe" and line["ts"].endswith("Z") for line in lines), lines
PY
}

@test "a terminal gets colour unless NO_COLOR is set" {
  run script -qec "$SHOAL_TEST_BIN/probe --fail error" /dev/null
  [[ "$output" == *$'\x1b[31merror:\x1b[0m'* ]]
  NO_COLOR=1 run script -qec "$SHOAL_TEST_BIN/probe --fail error" /dev/null
  [[ "$output" != *$'\x1b['* ]]
}
