# DIRECTORY [-l [-a]]: unmounts, and says who is in the way. -l: detaches it at once; -a: and ends what waits for its daemon.
dir=$1 lazy=$2 abort=$3
device=$(awk -v d="$dir" '$5 == d { split($3, n, ":"); minor = n[2] } END { print minor }' /proc/self/mountinfo)
if [ -n "$abort" ] && [ -w "/sys/fs/fuse/connections/$device/abort" ]; then echo 1 >"/sys/fs/fuse/connections/$device/abort"; fi
# -c: a path that is made canonical is asked for, and a daemon that hangs does not answer.
said=$(LC_ALL=C timeout -s KILL 20 umount -c $lazy "$dir" 2>&1) && exit 0
users=
for process in $(find /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/fd -maxdepth 1 \( -lname "$dir" -o -lname "$dir/*" \) 2>/dev/null | cut -d/ -f3 | sort -nu); do
  users="$users $process ($(cat "/proc/$process/comm" 2>/dev/null)),"
done
case $said in
  *busy*) echo "busy, in use by${users:- a process that can not be seen,}" | sed 's/,$//' >&2 ;;
  *) echo "${said:-no answer within 20 s}" | head -n 1 >&2 ;;
esac
exit 1
