#!/bin/sh
# the tunnels of gw-1
set -eu

# connections /etc/ipsec.conf
install -D -m 0644 /dev/stdin /etc/ipsec.conf <<'HYBRIDCTL_END'
# gw-1: strongSwan's ipsec.conf, all tunnels of the box.
config setup

# vpn1: gw-1 (203.0.113.11) to rtr-1 (198.51.100.77), crypto level modern
conn vpn1
    type=tunnel
    mobike=no
    authby=secret
    keyexchange=ikev2
    ike=aes256gcm16-prfsha384-ecp384,aes128gcm16-prfsha256-ecp256!
    esp=aes256gcm16-ecp384,aes128gcm16-ecp256!
    left=172.16.1.157
    leftid=203.0.113.11
    leftsubnet=0.0.0.0/0
    right=198.51.100.77
    rightid=198.51.100.77
    rightsubnet=0.0.0.0/0
    auto=start
    dpddelay=10
    dpdaction=restart
    closeaction=restart
    mark=100
    forceencaps=yes
    keyingtries=%forever
    ikelifetime=28800s
    lifetime=3600s
    margintime=360s
    rekeyfuzz=100%
HYBRIDCTL_END

# pre-shared keys /etc/ipsec.secrets
# write /etc/ipsec.secrets yourself, mode 0600: its content is not shown

# daemon settings /etc/strongswan.d/90-hybridctl.conf
install -D -m 0644 /dev/stdin /etc/strongswan.d/90-hybridctl.conf <<'HYBRIDCTL_END'
# gw-1: daemon settings for hybridctl's tunnels.
charon {
  # The tunnels script owns the routes: with 0.0.0.0/0 selectors charon would send everything into the tunnel.
  install_routes = no
  # IKEv2 finds a dead peer by retransmission alone: 2 + 3 + 4.5 + 6.75 s = about 16 s, in place of 165 s.
  retransmit_tries = 3
  retransmit_timeout = 2.0
  retransmit_base = 1.5
  plugins {
    # farp would answer ARP for 0.0.0.0/0, that is for every neighbour on the LAN.
    farp {
      load = no
    }
  }
}
HYBRIDCTL_END

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
  make tunnel1 hybridctl:type,vti,local,172.16.1.157,remote,198.51.100.77,key,100 type vti local 172.16.1.157 remote 198.51.100.77 key 100
  ip addr replace 169.254.100.2/30 remote 169.254.100.1/30 dev tunnel1
  ip link set tunnel1 up mtu 1438
  sysctl -q -w net.ipv4.conf.tunnel1.rp_filter=2
  sysctl -q -w net.ipv4.conf.tunnel1.disable_policy=1
  ip route replace 169.254.100.0/30 via 169.254.100.1 table 10 dev tunnel1
  ip route replace 10.10.0.0/16 via 169.254.100.1 table 10 dev tunnel1
  [ -n "$(ip rule show priority 10 table 10)" ] || ip rule add priority 10 from all lookup 10
  nft -f "${root%/}/etc/hybridctl/mss.nft"
}

down() {
  quietly nft delete table ip hybridctl
  # vpn1
  quietly ip rule del priority 10 from all lookup 10
  quietly ip route del 169.254.100.0/30 via 169.254.100.1 table 10 dev tunnel1
  quietly ip route del 10.10.0.0/16 via 169.254.100.1 table 10 dev tunnel1
  remove tunnel1
}

# One answer of NO_PROPOSAL_CHOSEN (a peer whose connections are not loaded yet, or are being edited) ends a tunnel of
# charon's for good, and a peer that closes one pair of networks ends that pair. So what is loaded and has no security
# association is begun again; what has one, or is being negotiated, is left alone.
begin() {
  case $(ipsec status vpn1 2>/dev/null) in
    *'vpn1{'*) ;;
    *'vpn1['*']: CONNECTING'*) ;;
    *) quietly ipsec stroke up-nb vpn1 ;;
  esac
}

case ${1-} in
  up) up ;;
  down) down ;;
  begin) begin >/dev/null ;;
  *) die 'say "up", "down" or "begin"' ;;
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
    oifname "tunnel1" tcp flags & (syn | rst) == syn tcp option maxseg size set 1398
    iifname "tunnel1" tcp flags & (syn | rst) == syn tcp option maxseg size set 1398
  }
  # A packet too big for a tunnel is cut before encryption instead of being lost where ICMP is filtered.
  chain df {
    type filter hook prerouting priority mangle; policy accept;
    fib daddr oifname "tunnel1" ip frag-off & 0x4000 != 0 ip frag-off set 0
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
    ip saddr 172.16.0.0/16 ip daddr 169.254.100.1 ct status dnat oifname != "tunnel1" drop
  }
  chain back {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 172.16.0.0/16 ip daddr 169.254.100.1 ct status dnat oifname "tunnel1" snat to 169.254.100.2
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
After=network-online.target strongswan-starter.service
Wants=hybridctl-begin.timer

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/hybridctl/tunnels up
ExecStop=/usr/local/lib/hybridctl/tunnels down

[Install]
WantedBy=multi-user.target
HYBRIDCTL_END

# begin tunnels that are down, every 5 s /etc/systemd/system/hybridctl-begin.timer
install -D -m 0644 /dev/stdin /etc/systemd/system/hybridctl-begin.timer <<'HYBRIDCTL_END'
# Begins again what a peer refused: see "begin" in /usr/local/lib/hybridctl/tunnels.
[Unit]
Description=hybridctl begins tunnels that are down
# Started and stopped with the tunnels: after "vpn down" nothing is begun.
PartOf=hybridctl-tunnels.service
After=hybridctl-tunnels.service

[Timer]
OnActiveSec=5s
OnUnitInactiveSec=5s
AccuracySec=1s

[Install]
WantedBy=hybridctl-tunnels.service
HYBRIDCTL_END

# begin tunnels that are down /etc/systemd/system/hybridctl-begin.service
install -D -m 0644 /dev/stdin /etc/systemd/system/hybridctl-begin.service <<'HYBRIDCTL_END'
# Run by hybridctl-begin.timer.
[Unit]
Description=hybridctl begins tunnels that are down
After=strongswan-starter.service

[Service]
Type=oneshot
ExecStart=/usr/local/lib/hybridctl/tunnels begin
TimeoutStartSec=60
# systemd's own "Starting" and "Finished", every few seconds, would fill the journal; failures are still written.
LogLevelMax=notice
HYBRIDCTL_END

# kernel settings of gw-1: sysctl is there

# start at boot: hybridctl-probe.service is not enabled, hybridctl-tunnels.service is not enabled, hybridctl-begin.timer is not enabled, strongswan-starter.service is not enabled
systemctl daemon-reload
systemctl enable hybridctl-probe.service hybridctl-tunnels.service hybridctl-begin.timer strongswan-starter.service

# probe relay: /etc/hybridctl/probe.nft is not loaded
systemctl restart hybridctl-probe.service
install -D -m 0600 /dev/stdin /run/hybridctl/demo/gw-1.relay <<'HYBRIDCTL_END'

HYBRIDCTL_END

# strongswan-starter
systemctl enable --now strongswan-starter.service

# tunnel interface tunnel1, routes and MSS clamp: tunnel1 is not there, /usr/local/lib/hybridctl/tunnels is newer than what it brought up
/usr/local/lib/hybridctl/tunnels up
systemctl start hybridctl-tunnels.service
install -D -m 0600 /dev/stdin /run/hybridctl/demo/gw-1.tunnels <<'HYBRIDCTL_END'

HYBRIDCTL_END

# connections vpn1
ipsec rereadsecrets
ipsec reload
install -D -m 0600 /dev/stdin /run/hybridctl/demo/gw-1.loaded <<'HYBRIDCTL_END'

HYBRIDCTL_END
