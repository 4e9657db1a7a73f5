# DIRECTORY LOG MARK KEY COMMAND...: mounts, waits until the mount answers, and says why where it does not.
dir=$1 log=$2 mark=$3 key=$4
shift 4
mounted() { awk -v d="$dir" '$5 == d { found = 1 } END { exit !found }' /proc/self/mountinfo; }
# IAM needs some ten seconds until a new key is known everywhere.
fresh() { [ -n "$key" ] && [ -n "$(find "$key" -mmin -1 2>/dev/null)" ] && grep -q 'invalid credentials\|InvalidAccessKeyId' "$log"; }
# What was proven was another mount: the kernel gives their numbers again.
rm -f "${mark%.mounted}.proven"
while :; do
  : >"$log" || exit 1
  "$@" </dev/null >>"$log" 2>&1
  if mounted && timeout -s KILL 90 stat "$dir" >/dev/null 2>&1 && mounted; then
    touch "$mark"
    exit 0
  fi
  if mounted; then umount -l "$dir"; fi
  fresh || break
  sleep 2
done
why=$(sed -n 's/^.*\[\(CRT\|ERR\)\] [^ ]*: //p' "$log" | tail -n 1)
echo "${why:-$(tail -n 1 "$log")}" >&2
exit 1
