#!/usr/bin/env bash
# Runs every fuzz target in the module for a while each.
#
#   scripts/fuzz.sh 30s
set -euo pipefail

time=${1:-30s}
found=0
while IFS=: read -r file target; do
	found=1
	echo "== $(dirname "$file") $target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$(dirname "$file")"
done < <(git ls-files '*_test.go' | xargs grep -ohHE 'func Fuzz[A-Za-z0-9_]+' | sed 's/func //')
[ "$found" = 1 ] || { echo "no fuzz target found" >&2; exit 1; }
