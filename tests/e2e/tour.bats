# The README's tour, as typed: every `sh` block is run, and its output compared with the `output` block
# that follows it.

setup() {
  README="$BATS_TEST_DIRNAME/../../README.md"
  cd "$BATS_TEST_TMPDIR"
  export PATH="$SHOAL_BIN:$PATH"
}

# The N-th block of the tour of one kind (sh, output).
block() {
  awk -v kind="$1" -v wanted="$2" '
    /^## / { tour = ($0 == "## Five-minute tour") }
    tour && $0 == "```" kind { inside = (++count == wanted); next }
    /^```/ { inside = 0 }
    inside' "$README"
}

# The tour uses the default ports: a network of its own keeps it apart from whatever else runs.
in_own_network() {
  if unshare --net true 2>/dev/null; then
    unshare --net bash -c 'ip link set lo up && exec "$@"' _ "$@"
  else
    "$@"
  fi
}

@test "the README has a tour" {
  [ -n "$(block sh 1)" ] && [ -n "$(block output 1)" ]
}

@test "every block of the tour prints what the README says" {
  mkdir tour  # one for all, as the README tells its readers
  for ((n = 1; ; ++n)); do
    block sh "$n" > commands
    [ -s commands ] || break
    block output "$n" > expected
    ( cd tour && in_own_network timeout 120 bash ../commands ) > actual 2> errors || true
    diff expected actual || { cat errors; echo "block $n differs"; return 1; }
  done
  [ "$n" -gt 6 ]
}
