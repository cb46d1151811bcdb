#!/usr/bin/env bats
# The bench runs and tells all it measured. What it measures is no matter of tests.

bats_require_minimum_version 1.5.0

setup() {
  cd "$BATS_TEST_TMPDIR"
  export TMPDIR="$BATS_TEST_TMPDIR"
}

shoal() {
  "$SHOAL_BIN/shoal" "$@"
}

rows=("bare PUSH/PULL, a message a line" "bare PUSH/PULL, 128 KiB a message" "bare posix_spawn loop"
  "one long-lived cat" "start of a ventilator" "start of a worker" "start of a sink"
  "ventilator's memory, all lines" "worker's memory, all lines" "sink's memory, all lines")

@test "the table has every row, and nothing is left behind" {
  run --separate-stderr shoal bench pipeline --quick
  [ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
  for row in "${rows[@]}"; do
    grep -qF "$row" <<<"$output" || { echo "no row: $row"; return 1; }
  done
  [ -z "$(ls -d shoal-bench-* 2>/dev/null)" ]
}

@test "JSON rows hold the samples, the medians and the ratios" {
  shoal bench pipeline --quick --transport ipc -qJ >rows
  python3 - <<'PY'
import json, statistics
rows = [json.loads(line) for line in open("rows")]
assert len(rows) >= 13, rows
for row in rows:
    assert row["shoal"] > 0 and row["shoal"] == statistics.median(row["shoal_runs"]), row
    assert isinstance(row["met"], bool) and row["wanted"] > 0, row
    if "against" in row:
        assert abs(row["ratio"] - row["shoal"] / row["baseline"]) < 1e-9, row
assert {row["unit"] for row in rows} == {"lines/s", "tasks/s", "ms", "bytes"}
PY
}

@test "publish/subscribe: 100 B and 1 KiB, to 1 and to 8 subscribers, nothing lost" {
  shoal bench pubsub --quick --transport ipc -qJ >rows
  [ "$(grep -c '"unit":"messages/s"' rows)" -eq 4 ]
  grep -q '"row":"live, 1024 B, 8 subscribers"' rows
  [ -z "$(ls -d shoal-bench-* 2>/dev/null)" ]
}

@test "request/reply is measured too" {
  shoal bench reqrep --quick --transport ipc -qJ >rows
  python3 - <<'PY'
import json
rows = [json.loads(line) for line in open("rows")]
assert [row["unit"] for row in rows] == ["us", "us", "requests/s"], rows
assert all(row["shoal"] > 0 and row["baseline"] > 0 for row in rows), rows
assert rows[0]["met"] == (rows[0]["ratio"] <= rows[0]["wanted"]), rows
PY
}

@test "streams: append and replay of 100 B and 1 KiB, with 1 and 8 readers" {
  shoal bench stream --quick --transport ipc -qJ >rows
  python3 - <<'PY'
import json
rows = [json.loads(line) for line in open("rows")]
assert len(rows) == 10 and {row["unit"] for row in rows} == {"messages/s"}, rows
assert all(row["shoal"] > 0 for row in rows), rows
assert sum("against" in row for row in rows) == 6, rows
PY
  [ -z "$(ls -d shoal-bench-* 2>/dev/null)" ]
}

@test "chat: browsers over three peers, history, memory" {
  shoal bench chat --quick --transport ipc -qJ >rows
  python3 - <<'PY'
import json
rows = [json.loads(line) for line in open("rows")]
assert [row["unit"] for row in rows] == ["us", "us", "ms", "bytes"], rows
assert all(row["shoal"] > 0 for row in rows), rows
assert ["against" in row for row in rows] == [True, True, False, False], rows
PY
  [ -z "$(ls -d shoal-bench-* 2>/dev/null)" ]
}

@test "what to measure must be said" {
  run shoal bench
  [ "$status" -eq 2 ]
  run shoal bench nonsense
  [ "$status" -eq 2 ]
  [[ "$output" == *"shoal bench pipeline"* ]]
}
