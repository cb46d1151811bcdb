#!/usr/bin/env bats
# Chat through the built node: several peers, kills, direct messages, bots, a terminal, bad input.

load support.bash

teardown() {
  [ ! -e tmux ] || tmux -S tmux kill-server 2>/dev/null || true
  local name
  for name in "${!pids[@]}"; do kill "${pids[$name]}" 2>/dev/null || true; done
  for name in "${!pids[@]}"; do wait "${pids[$name]}" 2>/dev/null || true; done
}

# peer NAME ARG...: a chat-peer at ipc://NAME, in the background, that says what `say` gives it.
peer() {
  local name=$1
  shift
  [ -e "$name.in" ] || mkfifo "$name.in"
  start "$name" chat-peer --nick "$name" -b "ipc://$name" --keep-open "$@" <>"$name.in"
}

# say NAME TEXT...: a line each.
say() {
  printf '%s\n' "${@:2}" >"$1.in"
}

# sees NAME TEXT [TIMES]: the peer prints it so many times, or has done.
sees() {
  timeout "$limit" tail -n +1 -f "$1.out" 2>/dev/null | grep -q -m"${3:-1}" -F -e "$2" || {
    echo "$1 never printed '$2': $(cat "$1.out" "$1.err")"
    return 1
  }
}

# kill9 NAME: at once, and with it what started it.
kill9() {
  kill -9 "$(ps -o pid= --ppid "${pids[$1]}" | tr -d ' ')"
  wait "${pids[$1]}" || true
  unset "pids[$1]"
}

# texts NAME: what the others have said, by the JSON lines that it was told.
texts() {
  sed -n 's/.*"type":"message".*"text":"\([^"]*\)".*/\1/p' "$1.out"
}

# linked NAME OTHER: waits until they have a session.
linked() {
  local n
  for ((n = 0; n < 600; ++n)); do
    say "$1" '{"command":"/peers"}'
    grep -q "\"nick\":\"$2\",\"state\":\"linked\"" "$1.out" && return
    pause
  done
  echo "$1 was never linked with $2: $(cat "$1.out" "$1.err")"
  return 1
}

# pause: between two looks at what nothing tells of.
pause() {
  read -r -t 0.1 <> <(:) || true
}

bot() {
  shoal chat-peer --nick bot -b ipc://bot "$@"
}

@test "two peers talk both ways" {
  peer a
  peer b -c ipc://a
  sees a '-- b is here'
  sees b '-- a is here'
  say a 'hello b'
  sees b '<a> hello b'
  say b '/me nods' '//slash'
  sees a '* b nods'
  sees a '<b> /slash'
  say b '/quit'
  ends b 0
  stop a 0
}

@test "three peers with one endpoint each: the middle one is killed, and nobody misses anything" {
  peer a -J
  peer m -J -c ipc://a --data m.data
  peer b -J -c ipc://m
  linked a b
  say a '{"text":"one"}'
  sees b '"text":"one"'
  sees m '"text":"one"'
  kill9 m
  say a '{"text":"two"}'
  sees b '"text":"two"'
  say b '{"text":"three"}'
  sees a '"text":"three"'
  mv m.out m.before
  peer m -J -c ipc://a --data m.data
  sees m '"text":"two"'
  sees m '"text":"three"'
  say m '{"text":"four"}'
  sees a '"text":"four"'
  sees b '"text":"four"'
  stop a 0
  stop b 0
  stop m 0
  [ "$(texts a)" = "$(printf 'three\nfour')" ]
  [ "$(texts b)" = "$(printf 'one\ntwo\nfour')" ]
  # Each may come from another peer, and later than is waited for.
  [ "$(texts m | sort)" = "$(printf 'one\nthree\ntwo')" ]
}

@test "two parts that were cut off from each other come together, and all is everywhere once" {
  peer a -J
  peer b -J
  peer c -J -c ipc://a
  peer d -J -c ipc://b
  linked a c
  linked b d
  say a '{"text":"a"}'
  say d '{"text":"d"}'
  sees c '"text":"a"'
  sees b '"text":"d"'
  peer e -J -c ipc://a,ipc://b
  for name in b d e; do sees "$name" '"text":"a"'; done
  for name in a c e; do sees "$name" '"text":"d"'; done
  say e '{"text":"e"}'
  for name in a b c d; do
    sees "$name" '"text":"e"'
    stop "$name" 0
  done
  [ "$(texts c | sort | tr '\n' ' ')" = 'a d e ' ]
  [ "$(texts b | sort | tr '\n' ' ')" = 'a d e ' ]
}

@test "--data: what was said is there again after kill -9" {
  peer a --data kept
  printf 'one\ntwo\nthree\n' | bot -c ipc://a
  sees a '<bot> three'
  kill9 a
  peer a --data kept
  sees a '<bot> three' 2
  peer late -c ipc://a
  sees late '<bot> three'
  [ "$(grep -c '<bot>' late.out)" = 3 ]
}

@test "--data: two peers cannot share one" {
  peer a --data kept
  heard a 'waiting for a chat-peer to dial ipc://a'
  fails 1 'in use' chat-peer --nick b -b ipc://b --data kept
}

@test "--data: what cannot be used is told with what to do" {
  echo no folder >file
  mkdir damaged
  echo 'this is not a database, and longer than the head of one would be' >damaged/posts
  fails 2 'name a folder' chat-peer --nick a -b ipc://a --data ''
  fails 1 'cannot make the folder file: Not a directory; check the name' chat-peer --nick a -b ipc://a --data file
  fails 65 'damaged/posts is not a shoal file, or is damaged; restore it' \
    chat-peer --nick a -b ipc://a --data damaged
}

@test "--history: so many older lines are shown, and /history shows more" {
  peer a
  seq 100 | bot -c ipc://a
  peer late --history 2 -c ipc://a
  sees late '<bot> 100'
  [ "$(grep -o '<bot>.*' late.out)" = "$(printf '<bot> 99\n<bot> 100')" ]
  say late '/history 5'
  sees late '<bot> 96'
  stop late 0
}

@test "direct messages reach the one they are for" {
  peer a
  peer b -c ipc://a
  peer c -c ipc://a
  for name in a c; do sees b "-- $name is here"; done
  say b '/msg c for you' '/msg nobody hi'
  sees c '<b to you> for you'
  sees b '-- delivered to c'
  sees b '-- nobody called nobody is here'
  say b 'for all'
  sees a '<b> for all'
  [ "$(grep -c 'for you' a.out)" = 0 ]
}

@test "two of one nick are told, and a direct message to them is not sent" {
  peer a
  peer b -c ipc://a
  sees a '-- b is here'
  start twin chat-peer --nick b -b ipc://twin -c ipc://a --keep-open </dev/null
  sees b 'somebody else is called b too'
  sees twin 'somebody else is called b too'
  say a '/msg b hi'
  sees a '-- b is here more than once'
  say b '/nick b2'
  sees b '-- you are b2 now'
  say b '/nick a'
  sees b '-- a is taken'
}

@test "a script says its lines to whoever comes, and leaves" {
  echo hi >said
  start bot chat-peer --nick bot -b ipc://bot <said
  heard bot 'waiting for'
  peer a -c ipc://bot
  ends bot 0
  sees a '<bot> hi'
  seq 3000 | bot -c ipc://a
  sees a '<bot> 3000'
  [ "$(grep -c '<bot>' a.out)" = 3001 ]
}

@test "empty input ends at once; with nobody there -W ends the waiting" {
  bot </dev/null
  run --separate-stderr shoal chat-peer --nick bot -b ipc://bot -W 300ms <<<hi
  [ "$status" -eq 69 ] && [[ "$stderr" == *'no peer came for 300ms'* ]]
}

@test "a bot speaks JSON lines, and a bad one is not its end" {
  peer a
  printf '%s\n' nonsense '{"text":"hi","room":"lobby"}' '{"to":"a","text":"psst","id":"1"}' |
    bot -c ipc://a -J >out
  sees a '<bot> hi'
  sees a '<bot to you> psst'
  grep -q '^{"type":"error","why":"not a JSON object' out
  grep -q '^{"type":"outcome","to":"a","delivered":true,"id":"1"}' out
  grep -q '^{"type":"presence",.*"nick":"a","state":"here","rooms":\["lobby"\]}' out
}

@test "what others say cannot take hold of a terminal" {
  peer a
  printf '%b\n' 'x\033[2J\xe2\x80\xae' | bot -c ipc://a
  sees a '<bot> x\x1b[2J\u202e'
}

@test "a reader that goes away ends it" {
  peer a
  { bot -c ipc://a --keep-open </dev/null || echo $? >code; } 2>err | head -n 1 >out &
  for ((n = 0; n < 600; ++n)); do
    [ ! -s code ] || break
    say a more
    pause
  done
  [ "$(cat code)" = 141 ]
}

@test "options that make no sense are refused" {
  fails 2 '--nick is missing' chat-peer
  fails 2 "--nick 'a b'" chat-peer --nick 'a b'
  fails 2 "--room ''" chat-peer --nick a --room ''
  fails 2 '--token-file are for --http' chat-peer --nick a --token-file t
  fails 2 'write https://HOST' chat-peer --nick a -b ipc://a --http '127.0.0.1:0' --origin chat.example
  fails 77 'beyond this machine' chat-peer --nick a -b 'tcp://*:*'
}

@test "--http: a page beyond loopback wants a token that others cannot read" {
  echo secret >token
  chmod 644 token
  : >empty
  chmod 600 empty
  fails 2 'write HOST:PORT' chat-peer --nick a -b ipc://a --http '127.0.0.1:70000'
  fails 77 '--token-file' chat-peer --nick a -b ipc://a --http '0.0.0.0:0'
  fails 77 'chmod 600' chat-peer --nick a -b ipc://a --http '127.0.0.1:0' --token-file token
  fails 77 'it is empty' chat-peer --nick a -b ipc://a --http '127.0.0.1:0' --token-file empty
  fails 77 'does not read' chat-peer --nick a -b ipc://a --http '127.0.0.1:0' --token-file none
}

@test "the example starts three, of which two serve a page, and ends them all" {
  mkfifo typed
  PATH="$SHOAL_BIN:$PATH" USER=dora timeout -k 5 "$limit" \
    "$BATS_TEST_DIRNAME/../../scripts/examples/chat" <>typed >example.out 2>example.err 3>&- &
  pids[example]=$!
  sees example '-- anna is here'
  sees example '-- bert is here'
  local url pid
  for url in $(grep -o 'http://[^ ,]*' example.out); do
    python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).status)' "$url" >>pages
  done
  [ "$(tr '\n' ' ' <pages)" = '200 200 ' ]
  printf '%s\n' 'hello both' '/quit' >typed
  ends example 0
  for pid in $(grep -o 'process [0-9]*' example.out | cut -d' ' -f2); do
    [ ! -e "/proc/$pid" ]
  done
}

@test "a terminal: what comes in stands above what is being typed" {
  peer a
  export TERM=screen
  unset NO_COLOR
  tmux -S tmux -f /dev/null new-session -d -x 60 -y 20 \
    "SHOAL_CHAT_PEER_NICK=t '$SHOAL_BIN/shoal' chat-peer -b ipc://t -c ipc://a; stty -a >modes; cat"
  # shown PATTERN: the screen comes to hold a line like it.
  shown() {
    local n
    for ((n = 0; n < 600; ++n)); do
      tmux -S tmux capture-pane -p >screen
      grep -q -e "$1" screen && return
      pause
    done
    cat screen a.out
    return 1
  }
  shown '^-- a is here'
  tmux -S tmux send-keys 'grüße an alle, und noch eine Zeile, die umbrochen wird'
  shown '^rd$'
  say a 'while you type'
  shown '<a> while you type'
  [ "$(tail -n +2 screen | grep -c 'grüße')" = 1 ]
  tmux -S tmux send-keys '!' Enter
  sees a '<t> grüße an alle, und noch eine Zeile, die umbrochen wird!'
  tmux -S tmux send-keys '/na' Tab
  shown '^\[lobby\] /names'
  tmux -S tmux send-keys Enter
  shown '^   t  lobby'
  tmux -S tmux send-keys 'C-d'
  for ((n = 0; n < 600; ++n)); do [ ! -s modes ] || break; pause; done
  grep -q ' icanon' modes
  grep -q ' echo ' modes
}
