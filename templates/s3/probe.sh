# write|read|remove FILE WORD [PROVEN]: a small object goes through the mount, or comes through it.
set -e
file=$2 word=$3
same() { [ "$(cat "$file")" = "$word" ] || { echo "$file holds something else than what was written" >&2; exit 1; }; }
case $1 in
  write)
    # Of a run that broke off.
    rm -f "$file"
    printf %s "$word" >"$file"
    same
    ;;
  read)
    # An engine may know the folder as it was a moment ago.
    turn=0
    while [ ! -e "$file" ] && [ "$turn" -lt 50 ]; do
      sleep 0.2
      turn=$((turn + 1))
    done
    same
    ;;
  remove)
    same
    rm "$file"
    ;;
esac
if [ -n "$4" ]; then awk -v d="${file%/*}" '$5 == d { line = $1 " " $3 } END { print line }' /proc/self/mountinfo >"$4"; fi
