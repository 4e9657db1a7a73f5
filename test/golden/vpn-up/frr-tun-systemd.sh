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
  # systemd has a unit for it.
  [ -d /run/systemd/system ] || "${0%/*}/tunnel-watch" start
}

down() {
  "${0%/*}/tunnel-watch" stop
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
Wants=hybridctl-watch.service
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

# take a dead tunnel's routes away /usr/local/lib/hybridctl/tunnel-watch
install -D -m 0755 /dev/stdin /usr/local/lib/hybridctl/tunnel-watch <<'HYBRIDCTL_END'
#!/bin/sh
# rtr-1: takes the routes of a dead tunnel away and puts them back. A dead tunnel keeps its interface, and so the
# kernel keeps the routes on it: without this script the packets go there for as long as the tunnel is dead.
# Each tunnel's far end is pinged through the tunnel's own interface, so only an answer that crossed it counts:
#   vpn1: every 100 ms; 7 in a row without an answer: dead, so found within 700 to 800 ms; 20 answers: alive
# "run" watches in the foreground (hybridctl-watch.service); "start", "stop" and "status" are for boxes without systemd.
set -u
export LC_ALL=C
self=$(cd "$(dirname "$0")" && pwd)/tunnel-watch
run_dir=/run/hybridctl
pid_file=$run_dir/watch.pid

say() {
  echo "$(date -u +%FT%T.%3NZ) $1"
}

# routes NUMBER up|down. What is there already, or gone already, is no error.
routes() {
  case $1-$2 in
    1-up)
      vtysh -c 'configure terminal' -c 'ip route 172.16.0.0/16 169.254.100.2 ipsec0 tag 100 100' >/dev/null 2>&1 || return 1
      ;;
    1-down)
      vtysh -c 'configure terminal' -c 'no ip route 172.16.0.0/16 169.254.100.2 ipsec0 tag 100 100' >/dev/null 2>&1
      ;;
  esac
  return 0
}
name_of() {
  case $1 in
    1) echo 'vpn1 (ipsec0)' ;;
  esac
}

# count NUMBER LOST GOOD AGAIN: reads what ping says, and says "NUMBER up" and "NUMBER down" when that changes, and
# again every AGAIN lines. A tunnel that has not been up yet is up with its first answer.
count() {
  state=new been=no misses=0 good=0 lines=0
  while read -r line; do
    now=$state
    case $line in
      *' bytes from '*)
        misses=0 good=$((good + 1))
        if [ "$been" = no ] || [ "$good" -ge "$3" ]; then now=up been=yes; fi
        ;;
      'no answer yet '*)
        misses=$((misses + 1)) good=$((good > 5 ? good - 5 : 0))
        [ "$misses" -lt "$2" ] || now=down good=0
        ;;
      *) continue ;;
    esac
    lines=$((lines + 1))
    if [ "$now" = "$state" ] && [ "$lines" -lt "$4" ]; then continue; fi
    state=$now lines=0
    [ "$state" = new ] || echo "$1 $state" || exit
  done
}

# probe NUMBER INTERFACE PEER EVERY LOST GOOD AGAIN. ping ends when its interface does, or its address: then charon is
# gone, and with it the tunnel.
probe() {
  while :; do
    ping -n -O -i "$4" -I "$2" "$3" 2>/dev/null | count "$1" "$5" "$6" "$7"
    echo "$1 down" || exit
    sleep 1
  done
}

# settle NUMBER: brings the routes of all tunnels to where they belong; those of a dead one that has just been heard of
# are taken away again, since FRR or the tunnels script may have been started meanwhile.
settle() {
  alive=no
  for each in 1; do
    eval "state=\${state_$each}"
    [ "$state" != up ] || alive=yes
  done
  for each in 1; do
    eval "state=\${state_$each} have=\${have_$each}"
    [ "$state" != new ] || continue
    want=up
    if [ "$state" = down ]; then want=down; fi
    if [ "$want" = "$have" ]; then
      [ "$want$each" != "down$1" ] || routes "$each" down
    elif routes "$each" "$want"; then
      eval "have_$each=\$want"
      case $want in
        down) say "$(name_of "$each"): its routes are taken away" ;;
        *) [ "$have" = new ] || say "$(name_of "$each"): its routes are back" ;;
      esac
    fi
  done
}

decide() {
  state_1=new have_1=new
  while read -r number now; do
    # Nobody watches over us any more.
    kill -0 $$ 2>/dev/null || exit
    eval "was=\${state_$number}"
    eval "state_$number=\$now"
    [ "$was" = "$now" ] || case $now in
      down) say "$(name_of "$number"): does not answer" ;;
      *) say "$(name_of "$number"): answers" ;;
    esac
    settle "$number"
  done
}

# As the tunnels script made it: whoever stops the watch has static routes.
put_back() {
  trap '' TERM INT
  kill -s TERM -- -$$ 2>/dev/null
  routes 1 up
  rm -f "$pid_file"
  exit 0
}

run() {
  mkdir -p "$run_dir"
  echo $$ >"$pid_file"
  trap put_back TERM INT
  {
    probe 1 ipsec0 169.254.100.2 0.1 7 20 50 &
    wait
  } | decide &
  wait $!
  # It never ends by itself.
  exit 1
}

pid() {
  pid=$(cat "$pid_file" 2>/dev/null) && grep -q tunnel-watch "/proc/$pid/cmdline" 2>/dev/null
}
start() {
  ! pid || return 0
  mkdir -p "$run_dir"
  setsid "$self" run </dev/null >>"$run_dir/watch.log" 2>&1 &
}
stop() {
  pid || return 0
  kill -TERM "$pid"
  tries=0
  while pid && [ "$tries" -lt 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
}

case ${1-} in
  run) run ;;
  start) start ;;
  stop) stop ;;
  restart)
    stop
    start
    ;;
  status) pid ;;
  *)
    echo 'tunnel-watch: say "run", "start", "stop", "restart" or "status"' >&2
    exit 1
    ;;
esac
HYBRIDCTL_END

# take a dead tunnel's routes away, as a service /etc/systemd/system/hybridctl-watch.service
install -D -m 0644 /dev/stdin /etc/systemd/system/hybridctl-watch.service <<'HYBRIDCTL_END'
# Takes a dead tunnel's routes away and puts them back: see /usr/local/lib/hybridctl/tunnel-watch.
[Unit]
Description=hybridctl tunnel watch
# Started and stopped with the tunnels.
PartOf=hybridctl-tunnels.service
After=hybridctl-tunnels.service
# However often it ends, it is started again.
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/lib/hybridctl/tunnel-watch run
Restart=on-failure
RestartSec=1
KillMode=mixed
Nice=-10

[Install]
WantedBy=hybridctl-tunnels.service
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
ip prefix-list demo-VPC seq 5 permit 172.16.0.0/16 le 28
ip prefix-list demo-ONPREM seq 5 permit 10.10.0.0/16
!
route-map demo-DX-IN permit 10
 match ip address prefix-list demo-VPC
exit
route-map demo-DX-OUT permit 10
 match ip address prefix-list demo-ONPREM
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
  neighbor 169.254.10.2 route-map demo-DX-IN in
  neighbor 169.254.10.2 route-map demo-DX-OUT out
 exit-address-family
exit
!
! Each router's tunnels have metrics of their own, so that the LAN has one best path.
route-map demo-static2ospf permit 10
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
! Timers: by default a route that changes twice waits 5 s (RFC 2328, appendix B: MinLSInterval 5 s, MinLSArrival 1 s;
! FRR's own "timers throttle spf 0 50 5000"). OSPF routers of this LAN without these lines go on waiting.
router ospf
 ospf router-id 10.10.0.2
 redistribute bgp metric 10
 redistribute static route-map demo-static2ospf
 timers throttle spf 0 50 200
 timers throttle lsa all 100
 timers lsa min-arrival 50
exit
!
HYBRIDCTL_END

# kernel settings of rtr-1: sysctl is there

# start at boot: hybridctl-tunnels.service is not enabled, hybridctl-watch.service is not enabled, strongswan.service is not enabled
systemctl daemon-reload
systemctl enable hybridctl-tunnels.service hybridctl-watch.service strongswan.service

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

# tunnel watch: /usr/local/lib/hybridctl/tunnel-watch is not loaded
systemctl restart hybridctl-watch.service
install -D -m 0600 /dev/stdin /run/hybridctl/demo/rtr-1.watch <<'HYBRIDCTL_END'

HYBRIDCTL_END

# FRR: /etc/frr/frr.conf is not loaded
systemctl reload-or-restart frr.service
install -D -m 0600 /dev/stdin /run/hybridctl/demo/rtr-1.frr <<'HYBRIDCTL_END'

HYBRIDCTL_END
