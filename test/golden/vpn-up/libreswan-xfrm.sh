#!/bin/sh
# the tunnels of gw-1
set -eu

# daemon settings and the include line /etc/ipsec.conf
install -D -m 0644 /dev/stdin /etc/ipsec.conf <<'HYBRIDCTL_END'
# gw-1: Libreswan's ipsec.conf. Where the box has one of its own, merge: what counts is the include line,
# for without it no tunnel starts and nothing says so. The shipped ipsec.secrets includes ipsec.d/*.secrets likewise.
config setup

include /etc/ipsec.d/*.conf
HYBRIDCTL_END

# connection /etc/ipsec.d/vpn1.conf
install -D -m 0644 /dev/stdin /etc/ipsec.d/vpn1.conf <<'HYBRIDCTL_END'
# vpn1: gw-1 (203.0.113.11) to rtr-1 (198.51.100.77), crypto level modern
conn vpn1
    authby=secret
    auto=start
    ikev2=insist
    leftid=203.0.113.11
    left=172.16.1.157
    leftsubnet=0.0.0.0/0
    right=198.51.100.77
    rightid=198.51.100.77
    rightsubnet=0.0.0.0/0
    keyingtries=%forever
    ike=aes_gcm256-sha2_384;dh20,aes_gcm128-sha2_256;dh19
    ikelifetime=28800s
    phase2alg=aes_gcm256-null;dh20
    salifetime=3600s
    pfs=yes
    encapsulation=yes
    mobike=no
    rekeymargin=360s
    rekeyfuzz=100%
    dpddelay=10
    # The device is ipsec100 with this if_id; both selectors are 0.0.0.0/0, so pluto leaves routing to the tunnels script.
    ipsec-interface=100
HYBRIDCTL_END

# pre-shared key /etc/ipsec.d/vpn1.secrets
# write /etc/ipsec.d/vpn1.secrets yourself, mode 0600: its content is not shown

# kernel settings /etc/sysctl.d/90-hybridctl.conf
install -D -m 0644 /dev/stdin /etc/sysctl.d/90-hybridctl.conf <<'HYBRIDCTL_END'
# gw-1: a router that forwards, sends no redirects and lets answers come back another way than they went.
net.ipv4.ip_forward = 1
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.default.send_redirects = 0
net.ipv4.conf.eth0.send_redirects = 0
net.ipv4.conf.default.accept_redirects = 0
net.ipv4.conf.eth0.accept_redirects = 0
net.ipv4.conf.all.rp_filter = 2
net.ipv4.conf.default.rp_filter = 2
net.ipv4.conf.eth0.rp_filter = 2
HYBRIDCTL_END

# tunnel interfaces and routes /usr/local/lib/hybridctl/tunnels
install -D -m 0755 /dev/stdin /usr/local/lib/hybridctl/tunnels <<'HYBRIDCTL_END'
#!/bin/sh
# gw-1: tunnel interfaces, routes and MSS clamp. Safe to run twice; "down" removes only what "up" made.
# vpn1: 1500 - 20 outer IPv4 header - 8 UDP header (NAT-T) - 8 ESP header - 8 GCM IV - 16 GCM ICV - 2 ESP trailer = MTU 1438; MSS 1438 - 40 = 1398
set -eu
root=$(cd "$(dirname "$0")/../../../.." && pwd)

die() {
  echo "tunnels: $1" >&2
  exit 1
}
quietly() {
  "$@" 2>/dev/null || true
}
exists() {
  ip link show dev "$1" >/dev/null 2>&1
}
# What an interface was made from is written on it as its alias: so another's is never touched, and a stale one made anew.
alias_of() {
  ip -o link show dev "$1" 2>/dev/null | sed -n 's/.*alias \([^ \\]*\).*/\1/p'
}
remove() {
  case $(alias_of "$1") in hybridctl:*) ip link del "$1" ;; esac
}
make() {
  name=$1 from=$2
  shift 2
  [ "$(alias_of "$name")" != "$from" ] || return 0
  remove "$name"
  ! exists "$name" || die "interface $name is there and is not ours: rename or remove it"
  ip link add "$name" "$@"
  ip link set "$name" alias "$from"
}
wait_for() {
  tries=0
  until exists "$1"; do
    tries=$((tries + 1))
    [ "$tries" -le 300 ] || die "no $1 after 30 s: is charon running, with kernel-libipsec?"
    sleep 0.1
  done
}

up() {
  # vpn1
  make ipsec100 hybridctl:type,xfrm,dev,eth0,if_id,100 type xfrm dev eth0 if_id 100
  ip addr replace 169.254.100.2/30 remote 169.254.100.1/30 dev ipsec100
  ip link set ipsec100 up mtu 1438
  sysctl -q -w net.ipv4.conf.ipsec100.rp_filter=2
  ip route replace 169.254.100.0/30 via 169.254.100.1 table 10 dev ipsec100
  ip route replace 10.10.0.0/16 via 169.254.100.1 table 10 dev ipsec100
  [ -n "$(ip rule show priority 10 table 10)" ] || ip rule add priority 10 from all lookup 10
  nft -f "${root%/}/etc/hybridctl/mss.nft"
}

down() {
  quietly nft delete table ip hybridctl
  # vpn1
  quietly ip rule del priority 10 from all lookup 10
  quietly ip route del 169.254.100.0/30 via 169.254.100.1 table 10 dev ipsec100
  quietly ip route del 10.10.0.0/16 via 169.254.100.1 table 10 dev ipsec100
  remove ipsec100
}

case ${1-} in
  up) up ;;
  down) down ;;
  *) die 'say "up" or "down"' ;;
esac
HYBRIDCTL_END

# MSS clamp /etc/hybridctl/mss.nft
install -D -m 0644 /dev/stdin /etc/hybridctl/mss.nft <<'HYBRIDCTL_END'
# gw-1: TCP segments that fit the tunnels, in both directions. A table of its own; nothing else is touched.
# vpn1: 1500 - 20 outer IPv4 header - 8 UDP header (NAT-T) - 8 ESP header - 8 GCM IV - 16 GCM ICV - 2 ESP trailer = MTU 1438; MSS 1438 - 40 = 1398
table ip hybridctl {
}
delete table ip hybridctl
table ip hybridctl {
  chain clamp {
    type filter hook forward priority mangle; policy accept;
    oifname "ipsec100" tcp flags & (syn | rst) == syn tcp option maxseg size set 1398
    iifname "ipsec100" tcp flags & (syn | rst) == syn tcp option maxseg size set 1398
  }
  # A packet too big for a tunnel is cut before encryption instead of being lost where ICMP is filtered.
  chain df {
    type filter hook prerouting priority mangle; policy accept;
    fib daddr oifname "ipsec100" ip frag-off & 0x4000 != 0 ip frag-off set 0
  }
}
HYBRIDCTL_END

# probe relay /etc/hybridctl/probe.nft
install -D -m 0644 /dev/stdin /etc/hybridctl/probe.nft <<'HYBRIDCTL_END'
# gw-1: a monitor in the VPC asks this gateway, and the router at the far end of the tunnel answers. So a probe crosses
# the tunnel whatever the route tables say. A table of its own; nothing else is touched.
table ip hybridctl_probe {
}
delete table ip hybridctl_probe
table ip hybridctl_probe {
  chain ask {
    type nat hook prerouting priority -100; policy accept;
    # vpn1: TCP 23999, and an ICMP echo of exactly 1400 bytes
    ip saddr 172.16.0.0/16 ip daddr 172.16.1.157 tcp dport 23999 dnat to 169.254.100.1
    ip saddr 172.16.0.0/16 ip daddr 172.16.1.157 icmp type echo-request ip length 1400 dnat to 169.254.100.1
  }
  chain ask-here {
    type nat hook output priority -100; policy accept;
    # vpn1: TCP 23999, and an ICMP echo of exactly 1400 bytes
    ip saddr 172.16.0.0/16 ip daddr 172.16.1.157 tcp dport 23999 dnat to 169.254.100.1
    ip saddr 172.16.0.0/16 ip daddr 172.16.1.157 icmp type echo-request ip length 1400 dnat to 169.254.100.1
  }
  # Without a tunnel the default route would take it, and whoever answered there would look like a living path.
  chain only {
    type filter hook postrouting priority mangle; policy accept;
    ip saddr 172.16.0.0/16 ip daddr 169.254.100.1 ct status dnat oifname != "ipsec100" drop
  }
  chain back {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 172.16.0.0/16 ip daddr 169.254.100.1 ct status dnat oifname "ipsec100" snat to 169.254.100.2
  }
}
HYBRIDCTL_END

# probe relay before the network is up /etc/systemd/system/hybridctl-probe.service
install -D -m 0644 /dev/stdin /etc/systemd/system/hybridctl-probe.service <<'HYBRIDCTL_END'
# Before the first address is up, and never taken away: a gateway that answered for its tunnel would look like a living path.
[Unit]
Description=hybridctl probe relay
DefaultDependencies=no
Wants=network-pre.target
After=local-fs.target nftables.service
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
# A restart or reload of nftables flushes our table too: it is loaded again with it.
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/hybridctl/probe.nft
ExecReload=/usr/sbin/nft -f /etc/hybridctl/probe.nft

[Install]
WantedBy=sysinit.target
HYBRIDCTL_END

# start at boot /etc/systemd/system/hybridctl-tunnels.service
install -D -m 0644 /dev/stdin /etc/systemd/system/hybridctl-tunnels.service <<'HYBRIDCTL_END'
# In place of rc.local: runs at boot after the daemon; stopping it undoes what it did.
[Unit]
Description=hybridctl tunnel interfaces, routes and MSS clamp
Wants=network-online.target
After=network-online.target ipsec.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/hybridctl/tunnels up
ExecStop=/usr/local/lib/hybridctl/tunnels down

[Install]
WantedBy=multi-user.target
HYBRIDCTL_END

# kernel settings of gw-1: sysctl is there

# probe relay: /etc/hybridctl/probe.nft is newer than what is loaded
nft -f /etc/hybridctl/probe.nft
install -D -m 0600 /dev/stdin /run/hybridctl/demo/gw-1.relay <<'HYBRIDCTL_END'

HYBRIDCTL_END

# ipsec
ipsec setup start

# tunnel interface ipsec100, routes and MSS clamp: ipsec100 is not there, /usr/local/lib/hybridctl/tunnels is newer than what it brought up
/usr/local/lib/hybridctl/tunnels up
install -D -m 0600 /dev/stdin /run/hybridctl/demo/gw-1.tunnels <<'HYBRIDCTL_END'

HYBRIDCTL_END

# connections vpn1
ipsec auto --rereadsecrets
ipsec auto --replace vpn1
ipsec auto --asynchronous --up vpn1
install -D -m 0600 /dev/stdin /run/hybridctl/demo/gw-1.loaded <<'HYBRIDCTL_END'

HYBRIDCTL_END
