#!/bin/sh
# new-bucket at /x/mnt
set -eu
export AWS_DEFAULT_REGION=cn-north-1

# mount point /x/mnt
mkdir -p /x/mnt

# bucket new-bucket
aws s3api create-bucket --cli-input-json '{"Bucket":"new-bucket","CreateBucketConfiguration":{"LocationConstraint":"cn-north-1"}}'

# s3fs: s3fs 1.90 is there

# user hybridctl-web-s3
USER_S3=$(aws iam create-user --cli-input-json '{"UserName":"hybridctl-web-s3","Tags":[{"Key":"Name","Value":"web-user-s3"},{"Key":"hybridctl:site","Value":"web"},{"Key":"hybridctl:key","Value":"user/s3"},{"Key":"hybridctl:machine","Value":"MACHINE"}]}' --query User.UserName --output text)

# policy hybridctl-web-s3
aws iam put-user-policy --cli-input-json "$(cat <<JSON
{"UserName":"${USER_S3}","PolicyName":"hybridctl-web-s3","PolicyDocument":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Sid\\":\\"Bucket\\",\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"s3:GetBucketLocation\\",\\"s3:ListBucket\\",\\"s3:ListBucketMultipartUploads\\"],\\"Resource\\":[\\"arn:aws-cn:s3:::new-bucket\\"]},{\\"Sid\\":\\"Objects\\",\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"s3:AbortMultipartUpload\\",\\"s3:DeleteObject\\",\\"s3:GetObject\\",\\"s3:ListMultipartUploadParts\\",\\"s3:PutObject\\"],\\"Resource\\":[\\"arn:aws-cn:s3:::new-bucket/*\\"]}]}"}
JSON
)"

# access key in /x/state/web.key
aws iam create-access-key --cli-input-json "$(cat <<JSON
{"UserName":"${USER_S3}"}
JSON
)" --query '[AccessKey.AccessKeyId,AccessKey.SecretAccessKey]' --output text | (umask 077; read -r kept0 kept1; mkdir -p /x/state; printf '%s:%s\n' "$kept0" "$kept1" >/x/state/web.key)

# definition /x/state/web.json
install -D -m 0644 /dev/stdin /x/state/web.json <<'HYBRIDCTL_END'
{
  "version": 1,
  "bucket": "new-bucket",
  "region": "cn-north-1",
  "engine": "s3fs",
  "url": "http://SERVER",
  "allowOther": false,
  "umask": null,
  "uid": null,
  "gid": null,
  "readOnly": false,
  "storageClass": null,
  "encryption": null,
  "boot": "fstab",
  "name": "web",
  "directory": "/x/mnt",
  "credentials": {
    "kind": "file",
    "path": "/x/state/web.key"
  },
  "cache": null
}
HYBRIDCTL_END

# new-bucket at /x/mnt
sh -c '# DIRECTORY LOG MARK KEY COMMAND...: mounts, waits until the mount answers, and says why where it does not.
dir=$1 log=$2 mark=$3 key=$4
shift 4
mounted() { awk -v d="$dir" '\''$5 == d { found = 1 } END { exit !found }'\'' /proc/self/mountinfo; }
# IAM needs some ten seconds until a new key is known everywhere.
fresh() { [ -n "$key" ] && [ -n "$(find "$key" -mmin -1 2>/dev/null)" ] && grep -q '\''invalid credentials\|InvalidAccessKeyId'\'' "$log"; }
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
why=$(sed -n '\''s/^.*\[\(CRT\|ERR\)\] [^ ]*: //p'\'' "$log" | tail -n 1)
echo "${why:-$(tail -n 1 "$log")}" >&2
exit 1
' mount /x/mnt /x/state/web.log /x/state/web.mounted /x/state/web.key env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN -u AWS_PROFILE -u AWSACCESSKEYID -u AWSSECRETACCESSKEY -u AWSSESSIONTOKEN -u AWS_CREDENTIAL_FILE s3fs new-bucket /x/mnt -o endpoint=cn-north-1,url=http://SERVER,use_path_request_style,passwd_file=/x/state/web.key,connect_timeout=10,retries=3,logfile=/x/state/web.log

# proof by a probe object
sh -c '# write|read|remove FILE WORD [PROVEN]: a small object goes through the mount, or comes through it.
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
if [ -n "$4" ]; then awk -v d="${file%/*}" '\''$5 == d { line = $1 " " $3 } END { print line }'\'' /proc/self/mountinfo >"$4"; fi
' probe write /x/mnt/.hybridctl-probe-web WORD ''
aws s3api head-object --bucket new-bucket --key .hybridctl-probe-web
rm /x/mnt/.hybridctl-probe-web

# line of /etc/fstab
install -D -m 0640 /dev/stdin /etc/fstab <<'HYBRIDCTL_END'
# static
UUID=1 / ext4 errors=remount-ro 0 1
new-bucket /x/mnt fuse.s3fs _netdev,nofail,x-systemd.requires=network-online.target,x-systemd.mount-timeout=60,endpoint=cn-north-1,url=http://SERVER,use_path_request_style,passwd_file=/x/state/web.key,connect_timeout=10,retries=3 0 0
HYBRIDCTL_END
