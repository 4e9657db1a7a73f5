# $1 the folder: one run at a time works in it, and what it makes is moved into place whole
set -eu
umask 077
cd "$1"
if command -v flock >/dev/null 2>&1; then exec 9>.lock; flock 9; fi
# What a run left that was killed.
rm -rf ./.new.*
new=$(mktemp -d ./.new.XXXXXX)
# A key that a power cut takes back is a certificate that nobody can use.
trap 'rm -rf "$new"; sync -f . 2>/dev/null || sync' EXIT
said() { cat "$new/said" >&2; exit 1; }
