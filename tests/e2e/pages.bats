#!/usr/bin/env bats
# Manual pages and completions: made of the same declarations as the help pages.

load support

nodes="ventilator worker sink bench keygen"

# options_of NODE: every long option that its help page explains.
options_of() {
  shoal help "$1" | grep -oE -- '^  (-., |    )--[a-z-]+' | grep -oE -- '--.*'
}

@test "a manual page has every option of the help page" {
  for node in $nodes; do
    shoal help --man "$node" | sed 's/\\-/-/g' >page
    grep -q "^.TH shoal-$node 1" page
    for option in $(options_of "$node"); do
      grep -qF -- "$option" page || { echo "$option is missing for $node"; return 1; }
    done
  done
}

@test "the manual page of shoal names every node" {
  shoal help --man >page
  for node in $nodes; do grep -qF "$node" page; done
}

@test "manual pages are roff that groff has nothing to say against" {
  command -v groff >/dev/null || skip "groff is not installed"
  for node in "" $nodes; do
    shoal help --man $node >page
    run groff -man -Tutf8 -ww -z page
    [ "$status" -eq 0 ] && [ -z "$output" ] || { echo "$node: $output"; return 1; }
  done
}

# completed WORD...: what bash offers for the last word.
completed() {
  bash -c 'source ./completion
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _shoal
    printf "%s\n" "${COMPREPLY[@]}"' _ "$@"
}

@test "bash completes nodes, options, and values where they are few" {
  shoal completion bash >completion
  [ "$(completed shoal ve)" = ventilator ]
  [ "$(completed shoal help key)" = keygen ]
  [ "$(completed shoal completion z)" = zsh ]
  [ "$(completed shoal sink --keep-o | sort | tr '\n' ' ')" = "--keep-open --keep-order " ]
  [ "$(completed shoal worker --mode s)" = stream ]
  [ -z "$(completed shoal sink -o --k)" ]  # a file name
  [ -z "$(completed shoal nobody --)" ]
  for node in $nodes; do
    completed shoal "$node" -- >offered
    for option in $(options_of "$node"); do
      grep -qxF -- "$option" offered || { echo "$option is missing for $node"; return 1; }
    done
  done
}

@test "zsh and fish get every option, in scripts that they can read" {
  for shell in zsh fish; do
    shoal completion "$shell" >completion
    for node in $nodes; do
      for option in $(options_of "$node"); do
        grep -qE -- "(--| -l )${option#--}( |\[|\))" completion ||
          { echo "$option of $node is missing for $shell"; return 1; }
      done
    done
    ! command -v "$shell" >/dev/null || "$shell" -n completion
  done
}

@test "a shell without completion is told which have one" {
  run shoal completion tcsh
  [ "$status" -eq 2 ]
  [[ "$output" == *"say bash, zsh or fish"* ]]
}
