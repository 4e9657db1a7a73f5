#!/bin/sh
# the boxes of lab
set -eu
export AWS_DEFAULT_REGION=cn-north-1

# Box 0: size is 3
aws ec2 resize --cli-input-json '{"id":"box-1","size":1}'

# Box 1
BOX_1=$(aws ec2 make --cli-input-json '{"key":"box/1","size":1,"on":"box-1"}' --query BoxId --output text)

# Box 2
BOX_2=$(aws ec2 make --cli-input-json "$(cat <<JSON
{"key":"box/2","size":1,"on":"${BOX_1}"}
JSON
)" --query BoxId --output text)

# Configuration
install -D -m 0644 /dev/stdin /etc/x.conf <<'HYBRIDCTL_END'
a='$b'
HYBRIDCTL_END
# write /etc/x.key yourself, mode 0600: its content is not shown
swanctl --load-all --file 'it'\''s'
