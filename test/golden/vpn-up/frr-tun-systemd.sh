#!/bin/sh
# the tunnels of rtr-1
set -eu

# connection /etc/swanctl/conf.d/vpn1.conf
install -D -m 0644 /dev/stdin /etc/swanctl/conf.d/vpn1.conf <<'HYBRIDCTL_END'
# vpn1: rtr-1 (198.51.100.77) to gw-1 (203.0.113.11), crypto level modern
connections {
  vpn1 {
    version = 2
    local_addrs = 198.51.100.77
    remote_addrs = 203.0.113.11
    proposals = aes256gcm16-prfsha384-ecp384,aes128gcm16-prfsha256-ecp256
    encap = yes
    mobike = no
    keyingtries = 0
    unique = replace
    dpd_delay = 10s
    rekey_time = 27936s
    rand_time = 576s
    over_time = 864s
    local {
      auth = psk
      id = 198.51.100.77
    }
    remote {
      auth = psk
      id = 203.0.113.11
    }
    children {
      vpn1 {
        local_ts = 0.0.0.0/0
        remote_ts = 0.0.0.0/0
        esp_proposals = aes256gcm16-ecp384,aes128gcm16-ecp256
        rekey_time = 3492s
        rand_time = 72s
        life_time = 3600s
        start_action = none
        dpd_action = clear
        close_action = none
      }
    }
  }
}
HYBRIDCTL_END

# pre-shared key /etc/swanctl/conf.d/vpn1.secrets.conf
# write /etc/swanctl/conf.d/vpn1.secrets.conf yourself, mode 0600: its content is not shown

# daemon settings /etc/strongswan.d/90-hybridctl.conf
install -D -m 0644 /dev/stdin /etc/strongswan.d/90-hybridctl.conf <<'HYBRIDCTL_END'
# rtr-1: daemon settings for hybridctl's tunnels.
charon {
  # The tunnels script owns the routes: with 0.0.0.0/0 selectors charon would send everything into the tunnel.
  install_routes = no
  # IKEv2 finds a dead peer by retransmission alone: 2 + 3 + 4.5 + 6.75 s = about 16 s, in place of 165 s.
  retransmit_tries = 3
  retransmit_timeout = 2.0
  retransmit_base = 1.5
  plugins {
    # ESP in userspace over the TUN device ipsec0; it takes packets by the selectors the peer sent.
    kernel-libipsec {
      load = yes
      allow_peer_ts = yes
    }
    # It puts a route for the peer's selectors, 0.0.0.0/0, into table 220 whatever install_routes says, and would take
    # every packet of the box. This mark on the table's rule, which no packet has, leaves that table unread.
    kernel-netlink {
      fwmark = 0x68796272
    }
    # bypass-lan puts the LAN's own route on ipsec0, and nothing is ever sent.
    bypass-lan {
      load = no
    }
  }
}
HYBRIDCTL_END

# kernel settings /etc/sysctl.d/90-hybridctl.conf
install -D -m 0644 /dev/stdin /etc/sysctl.d/90-hybridctl.conf <<'HYBRIDCTL_END'
# rtr-1: a router that forwards, sends no redirects and lets answers come back another way than they went.
net.ipv4.ip_forward = 1
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.default.send_redirects = 0
net.ipv4.conf.wan.send_redirects = 0
net.ipv4.conf.default.accept_redirects = 0
net.ipv4.conf.wan.accept_redirects = 0
net.ipv4.conf.all.rp_filter = 2
net.ipv4.conf.default.rp_filter = 2
net.ipv4.conf.wan.rp_filter = 2
HYBRIDCTL_END

# tunnel interfaces and routes /usr/local/lib/hybridctl/tunnels
install -D -m 0755 /dev/stdin /usr/local/lib/hybridctl/tunnels <<'HYBRIDCTL_END'
#!/bin/sh
# rtr-1: tunnel interfaces, routes and MSS clamp. Safe to run twice; "down" removes only what "up" made.
# vpn1: 1500 - 20 outer IPv4 header - 8 UDP header (NAT-T) - 8 ESP header - 8 GCM IV - 16 GCM ICV - 2 ESP trailer = MTU 1438; MSS 1438 - 40 = 1398
# vpn1: userspace ESP takes no packet above 1400 bytes, so MTU 1400 and MSS 1360.
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
  wait_for ipsec0
  ip addr replace 169.254.100.1/30 remote 169.254.100.2/30 dev ipsec0
  ip link set ipsec0 up mtu 1400
  sysctl -q -w net.ipv4.conf.ipsec0.rp_filter=2
  nft -f "${root%/}/etc/hybridctl/mss.nft"
}

down() {
  quietly nft delete table ip hybridctl
  # vpn1
  quietly ip addr del 169.254.100.1/30 remote 169.254.100.2/30 dev ipsec0
}

case ${1-} in
  up) up ;;
  down) down ;;
  *) die 'say "up" or "down"' ;;
esac
HYBRIDCTL_END

# MSS clamp /etc/hybridctl/mss.nft
install -D -m 0644 /dev/stdin /etc/hybridctl/mss.nft <<'HYBRIDCTL_END'
# rtr-1: TCP segments that fit the tunnels, in both directions. A table of its own; nothing else is touched.
# vpn1: 1500 - 20 outer IPv4 header - 8 UDP header (NAT-T) - 8 ESP header - 8 GCM IV - 16 GCM ICV - 2 ESP trailer = MTU 1438; MSS 1438 - 40 = 1398
# vpn1: userspace ESP takes no packet above 1400 bytes, so MTU 1400 and MSS 1360.
table ip hybridctl {
}
delete table ip hybridctl
table ip hybridctl {
  chain clamp {
    type filter hook forward priority mangle; policy accept;
    oifname "ipsec0" tcp flags & (syn | rst) == syn tcp option maxseg size set 1360
    iifname "ipsec0" tcp flags & (syn | rst) == syn tcp option maxseg size set 1360
  }
  # A packet too big for a tunnel is cut before encryption instead of being lost where ICMP is filtered.
  chain df {
    type filter hook prerouting priority mangle; policy accept;
    fib daddr oifname "ipsec0" ip frag-off & 0x4000 != 0 ip frag-off set 0
  }
}
HYBRIDCTL_END

# start at boot /etc/systemd/system/hybridctl-tunnels.service
install -D -m 0644 /dev/stdin /etc/systemd/system/hybridctl-tunnels.service <<'HYBRIDCTL_END'
# In place of rc.local: runs at boot after the daemon; stopping it undoes what it did.
[Unit]
Description=hybridctl tunnel interfaces, routes and MSS clamp
Wants=network-online.target
After=network-online.target strongswan.service
# ipsec0 lives and dies with charon, and takes its address and routes along.
PartOf=strongswan.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/hybridctl/tunnels up
ExecStop=/usr/local/lib/hybridctl/tunnels down

[Install]
WantedBy=multi-user.target
HYBRIDCTL_END

# BGP towards Direct Connect, routes through the tunnels, OSPF on the LAN /etc/frr/frr.conf
install -D -m 0644 /dev/stdin /etc/frr/frr.conf <<'HYBRIDCTL_END'
! rtr-1: routing for site demo, rendered by hybridctl. The daemons zebra, staticd, ospfd, bgpd, bfdd must run.
frr defaults traditional
hostname rtr-1
!
! Floating routes. The distance is worse than eBGP (20), so Direct Connect wins while it is there, and better than OSPF
! (110): above it, a router would give up its own route while it hears another's, and the LAN would wait for it to return.
ip route 172.16.0.0/16 169.254.100.2 ipsec0 tag 100 100
!
ip prefix-list VPC seq 5 permit 172.16.0.0/16 le 28
ip prefix-list ONPREM seq 5 permit 10.10.0.0/16
!
route-map DX-IN permit 10
 match ip address prefix-list VPC
exit
route-map DX-OUT permit 10
 match ip address prefix-list ONPREM
exit
!
bfd
 profile dx
  transmit-interval 300
  receive-interval 300
  detect-multiplier 3
 exit
exit
!
! A network is announced while the routing table has it with exactly this prefix length.
router bgp 65010
 bgp router-id 10.10.0.2
 neighbor 169.254.10.2 remote-as 64512
 neighbor 169.254.10.2 description dx-1
 neighbor 169.254.10.2 bfd
 neighbor 169.254.10.2 bfd profile dx
 address-family ipv4 unicast
  network 10.10.0.0/16
  neighbor 169.254.10.2 route-map DX-IN in
  neighbor 169.254.10.2 route-map DX-OUT out
 exit-address-family
exit
!
! Each router's tunnels have metrics of their own, so that the LAN has one best path.
route-map static2ospf permit 10
 match tag 100
 set metric 20
exit
!
! OSPF's own dead interval is 40 s: the office would send to a dead router for as long. Every OSPF router on this LAN
! needs the same line.
interface lan
 ip ospf area 0
 ip ospf dead-interval minimal hello-multiplier 4
exit
!
router ospf
 ospf router-id 10.10.0.2
 redistribute bgp metric 10
 redistribute static route-map static2ospf
exit
!
HYBRIDCTL_END

# kernel settings of rtr-1: sysctl is there

# start at boot: hybridctl-tunnels.service is not enabled, strongswan.service is not enabled
systemctl daemon-reload
systemctl enable hybridctl-tunnels.service strongswan.service

# strongswan
systemctl enable --now strongswan.service

# tunnel interface ipsec0, routes and MSS clamp: ipsec0 is not there, /usr/local/lib/hybridctl/tunnels is newer than what it brought up
/usr/local/lib/hybridctl/tunnels up
systemctl start hybridctl-tunnels.service
install -D -m 0600 /dev/stdin /run/hybridctl/demo/rtr-1.tunnels <<'HYBRIDCTL_END'

HYBRIDCTL_END

# connections vpn1
swanctl --load-all --noprompt --uri unix:///var/run/charon.vici
install -D -m 0600 /dev/stdin /run/hybridctl/demo/rtr-1.loaded <<'HYBRIDCTL_END'

HYBRIDCTL_END

# FRR: /etc/frr/frr.conf is not loaded
systemctl reload-or-restart frr.service
install -D -m 0600 /dev/stdin /run/hybridctl/demo/rtr-1.frr <<'HYBRIDCTL_END'

HYBRIDCTL_END
