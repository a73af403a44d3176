#!/usr/bin/env bash
# Makes sure that Debian packages are there, installing them when root or sudo
# allows it.
#
#   scripts/deps.sh required PACKAGE[:COMMAND]...   fail when one is missing
#   scripts/deps.sh optional PACKAGE[:COMMAND]...   name what will be skipped
#
# COMMAND is the program, or the path of a file, that shows the package is
# there; by default it is a program of the package's name. ADIT_REQUIRE_REAL=1 makes every package required.
set -euo pipefail

mode=$1
shift
[ "${ADIT_REQUIRE_REAL:-}" = 1 ] && mode=required

missing=()
for spec in "$@"; do
	[ -e "${spec#*:}" ] && [[ ${spec#*:} = /* ]] && continue
	command -v "${spec#*:}" >/dev/null 2>&1 || missing+=("${spec%%:*}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

asroot=()
if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
		asroot=(sudo -n)
	else
		asroot=(false)
	fi
fi

if command -v apt-get >/dev/null 2>&1 && [ "${asroot[0]:-}" != false ]; then
	echo "installing ${missing[*]}" >&2
	"${asroot[@]}" apt-get update -qq >/dev/null 2>&1 || true
	if "${asroot[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
		exit 0
	fi
fi

echo "missing: ${missing[*]}" >&2
echo "install with: sudo apt-get install ${missing[*]}" >&2
[ "$mode" = required ] && exit 1
echo "the tests that need them will be skipped by name" >&2
