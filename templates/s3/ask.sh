# DIRECTORY NAME TURNS: asks the daemon how large it is, which no cache answers, then for a name that is not there, which only S3
# can answer. A child does the asking, for nothing wakes a process that waits for a daemon that hangs. A line for each answer.
out=$(mktemp) || exit 1
(
  exec </dev/null >/dev/null 2>&1
  ask() { LC_ALL=C stat "$@" 2>&1 | tail -n 1 >>"$out.new"; [ -e "$out" ] && cp "$out.new" "$out"; }
  ask -f -c there "$1"
  grep -q '^there$' "$out.new" && ask -c 'there %a %s' "$1/$2"
  rm -f "$out.new"
  [ -e "$out" ] && echo done >>"$out"
) &
turn=0
while [ "$turn" -lt "$3" ] && ! grep -q '^done$' "$out"; do
  sleep 0.02
  turn=$((turn + 1))
done
grep -v '^done$' "$out"
rm -f "$out"
