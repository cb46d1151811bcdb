#!/usr/bin/env bats
# What is wrong with a command line or an input is told in one line, with the right exit code.

load support.bash

@test "an endpoint that does not parse" {
  fails 2 "'tcp://:x' is not an endpoint" ventilator -b tcp://:x
  fails 2 "'nowhere://a' is not an endpoint" worker --from nowhere://a
  fails 2 "'localhost:70000' is not an endpoint" sink -c localhost:70000
  fails 2 "'localhost:70000' is not an endpoint" sink --plain -c localhost:70000
}

@test "an endpoint in use" {
  echo task >tasks
  start v ventilator -b tcp://127.0.0.1:\* -b ipc://v <tasks
  heard v "waiting for a worker"
  local tcp
  tcp=$(grep -o 'tcp://127.0.0.1:[0-9]*' v.err)
  fails 1 "cannot listen on ipc://v" ventilator -b ipc://v
  fails 1 "cannot listen on $tcp" ventilator -b "$tcp"
  fails 1 "cannot listen on ipc://v" sink --plain -b ipc://v
  fails 1 "cannot listen on $tcp" sink --plain -b "$tcp"
  stop v 143
}

@test "a FILE that cannot be read" {
  fails 65 "cannot open missing" ventilator -b ipc://v missing
  fails 65 "cannot read ." ventilator -b ipc://v .
  fails 65 "cannot open missing" ventilator --plain -b ipc://v missing
}

@test "tasks before a FILE that cannot be read are done all the same" {
  seq 10 >tasks
  start_sink -o out
  start_worker w --once
  run ventilate tasks missing
  [ "$status" -eq 65 ]
  [[ "$output" == *"cannot open missing"* ]]
  # The sink is told that there is no more to come, and that this is not all of the job.
  ends w 0
  ends s 75
  cmp out tasks
}

@test "tasks before one that is too long are done all the same, whoever comes first" {
  { seq 1000; head -c 500 /dev/zero | tr '\0' x; echo; seq 5; } >tasks
  start v ventilator -b ipc://v --max-size 100 tasks </dev/null
  heard v "tasks: record 1001 is longer than the limit of 100B"
  start_sink -o out
  start_worker w --once
  ends v 65
  ends w 0
  ends s 75
  seq 1000 | cmp - out
}

@test "a task over --max-size is named by line and size" {
  printf 'longer than the limit\ntwo\n' >tasks
  fails 65 "tasks: record 1 is longer than the limit of 10B" \
    ventilator -b ipc://v --max-size 10 tasks
  fails 65 "tasks is longer than the limit of 10B" \
    ventilator -b ipc://v --max-size 10 --whole tasks
}

@test "a command that does not exist" {
  fails 2 "cannot run 'no-such-command'" worker -- no-such-command
  fails 2 "cannot run './tasks'" worker --plain -- ./tasks
}

@test "an output that cannot be written" {
  fails 1 "cannot write nowhere/out" sink -b ipc://s -o nowhere/out
  fails 1 "cannot write nowhere/out" sink -b ipc://s --plain -o nowhere/out
  fails 1 "cannot write ." sink -b ipc://s -o .
}

@test "a full disk is told, and the same command goes on" {
  echo task >tasks
  start v ventilator -b ipc://v <tasks
  start_worker w
  run shoal sink -b ipc://s -o /dev/full
  [ "$status" -eq 75 ]
  [[ "$output" == *"cannot write /dev/full: No space left on device"* ]]
  start_sink
  ends v 0
  ends s 0
  echo task | same s.out
}

@test "a corrupt ledger" {
  head -c 10000 /dev/zero >out.shoal
  touch out
  fails 65 "out.shoal is not a shoal file" sink -b ipc://s -o out
  [ ! -s out ]
}

@test "a corrupt journal" {
  head -c 10000 /dev/zero >journal
  echo task >tasks
  fails 65 "journal is not a shoal file" ventilator -b ipc://v --journal journal tasks
}

@test "a journal of other input" {
  seq 10 >tasks
  start_sink -o out
  start_worker w --once
  ventilate --journal journal tasks
  ends s 0
  ends w 0
  seq 11 20 >others
  fails 65 "it is of other input" ventilator -b ipc://v --journal journal others
  fails 65 "its job was read as lines" ventilator -b ipc://v --journal journal -0 tasks
  fails 65 "it is the journal of job ''" ventilator -b ipc://v --journal journal --job other tasks
}

@test "another sink on the same output" {
  start_sink -o out
  heard s "waiting for a worker"
  fails 1 "out.shoal is in use by another shoal process" sink -b ipc://t -o out
  stop s 143
}

@test "beyond this machine without keys" {
  fails 77 "--insecure" ventilator -b 'tcp://0.0.0.0:*'
  fails 77 "--insecure" worker --from tcp://192.0.2.1:5016
  fails 77 "--insecure" sink -b 'tcp://*:*'
  fails 77 "--insecure" sink --plain -b 'tcp://*:*'
  fails 77 "--insecure" worker --plain --from tcp://192.0.2.1:5016
}

@test "-W ends with 69 where no peer comes" {
  echo task >tasks
  fails 69 "no peer came for 200ms" ventilator -W 200ms -b ipc://v tasks
  fails 69 "no peer came for 200ms" worker -W 200ms --from ipc://v --to ipc://s
  fails 69 "no peer came for 200ms" sink -W 200ms -b ipc://s
  fails 69 "no peer came for 200ms" ventilator --plain -W 200ms -b ipc://v tasks
  fails 69 "no peer came for 200ms" worker --plain -W 200ms --from ipc://v --to ipc://s
  fails 69 "no peer came for 200ms" sink --plain -W 200ms -b ipc://s
}

@test "-W ends with 75 where a peer is there and nothing moves" {
  start_worker w
  fails 75 "nothing moved for 2s" sink -W 2s -b ipc://s
  echo task >tasks
  fails 75 "nothing moved for 2s" ventilator -W 2s -b ipc://v tasks
}

@test "-W does not end what moves, however slowly" {
  seq 4 >tasks
  start_sink -W 3s
  start_worker w -j 1 --once -- sh -c 'sleep 1; cat'
  ventilate -W 3s <tasks
  ends s 0
  sort s.out | same tasks
}

@test "options that do not go together" {
  fails 2 "-0 and -J" sink -0 -J
  fails 2 "--plain" ventilator --plain --journal j
  fails 2 "--plain" sink --plain --keep-order
  fails 2 "--plain" sink -n 3
  fails 2 "--plain" worker --plain --once
  fails 2 "name another file for failed tasks" sink -b ipc://s -o out --failed out
  fails 2 "name another file for failed tasks" sink -b ipc://s -o out --failed out.shoal
  fails 2 "different names" sink -b ipc://s -o out --failed folder/out
  fails 2 "different names" sink -b ipc://s -o out --failed "$PWD/out"
}
