#!/bin/sh
# The first process of the lab's guest kernel (user-mode Linux). The root folder is this machine's own, by hostfs; what
# belongs to a running kernel is the guest's own. Arguments of the kernel's command line arrive as variables.
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
[ -d /dev/pts ] || mkdir /dev/pts
mount -t devpts devpts /dev/pts
[ -d /dev/shm ] || mkdir /dev/shm
# The lab's folder is the machine's, so that both sides see the same files.
mkdir -p "$lab_folder"
mount -t hostfs -o "$lab_folder" hostfs "$lab_folder"
# Programs of the guest lie below /dev: /run is each node's own folder where its daemons run.
mkdir -p /dev/guest/bin /dev/guest/lib
install -m 755 "$lab_folder/guest/nft" /dev/guest/bin/nft
# /lib/modules may not exist here, and must not be made on the machine: modprobe gets a root of its own.
ln -s "$lab_modules" /dev/guest/lib/modules
printf '#!/bin/sh\nexec modprobe -d /dev/guest "$@"\n' >/dev/guest/modprobe
chmod 755 /dev/guest/modprobe
echo /dev/guest/modprobe >/proc/sys/kernel/modprobe
# What the kernel does not ask for by itself: algorithms come through crypto-NAME aliases, which its own requests miss
# where a template (drbg, echainiv) stands between.
for module in xfrm_user esp4 ip_vti veth sch_netem ifb drbg ecb hmac cbc ctr sha1_generic sha256_generic sha512_generic \
  authenc echainiv seqiv gcm ghash-generic; do
  /dev/guest/modprobe -q "$module" || true
done
# A log on the machine's disk is read there: written back at once, not after half a minute.
echo 10 >/proc/sys/vm/dirty_writeback_centisecs
echo 10 >/proc/sys/vm/dirty_expire_centisecs
hostname guest
ip link set lo up
stty -F /dev/ttyS0 raw -echo
exec perl "$lab_folder/guest/agent" <>/dev/ttyS0 >&0
