#!/bin/sh
# hybridctl: the monitor of demo on its utility instance. Runs once, at the first boot; /var/log/cloud-init-output.log tells.
set -eu
umask 022
export PATH="$PATH:/usr/local/bin"

mkdir -p /etc/hybridctl /opt/hybridctl /usr/local/bin
cat > /etc/hybridctl/hybridctl.yaml <<'HYBRIDCTL_END'
version: 1
site: demo
crypto: modern
cloud:
  region: cn-north-1
  vpc: vpc-0d5a1b2c3d4e5f607
  cidr: 172.16.0.0/16
  vgw: vgw-078bcc55
gateways:
  - name: gw-1
    az: cn-north-1a
    private_ip: 172.16.1.157
    public_ip: 203.0.113.11
    instance: i-0e1466e8a5dd4892c
    eni: eni-023fbd87a1b2c3d4e
    interface: tun
  - name: gw-2
    az: cn-north-1b
    private_ip: 172.16.2.126
    public_ip: 203.0.113.12
    instance: i-0430fe110cdec5835
    eni: eni-02d75e6061b2c3d4e
    interface: tun
onprem:
  networks:
    - 10.10.0.0/16
  routers:
    - name: rtr-1
      public_ip: 198.51.100.77
      dialect: swanctl
      interface: tun
      wan: wan
      lan: lan
      lan_ip: 10.10.0.2
      asn: 65010
      router_id: 10.10.0.2
    - name: rtr-2
      public_ip: 198.51.100.140
      private_ip: 10.10.2.100
      dialect: swanctl
      interface: tun
      wan: wan
      lan: lan
      lan_ip: 10.10.0.3
      asn: 65010
      router_id: 10.10.0.3
tunnels:
  - name: vpn1
    gateway: gw-1
    router: rtr-1
    inside: 169.254.100.0/30
    psk_file: psk/vpn1
  - name: vpn2
    gateway: gw-2
    router: rtr-2
    inside: 169.254.200.0/30
    psk_file: psk/vpn2
links:
  - name: dx-1
    kind: dx
    router: rtr-1
    vlan: 100
    inside: 169.254.10.0/30
    cloud_asn: 64512
  - name: vpn-a
    kind: vpn
    tunnel: vpn1
  - name: vpn-b
    kind: vpn
    tunnel: vpn2
route_tables:
  - id: rtb-0468f52220000000a
    name: private-1
    az: cn-north-1a
    subnets:
      - 172.16.11.0/24
    links:
      - dx-1
      - vpn-a
      - vpn-b
    mode: override
HYBRIDCTL_END

dnf --quiet --assumeyes install nodejs22

package=$(mktemp)
aws s3 cp --only-show-errors --region cn-north-1 s3://tools/hybridctl-0.1.0.tgz "$package"
echo "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a  $package" | sha256sum --check --status || { echo 'the package is not the one that was promised: its SHA-256 differs' >&2; exit 1; }
tar --extract --gzip --file "$package" --directory /opt/hybridctl --strip-components 1 --no-same-owner
rm -f "$package"
chmod 0755 /opt/hybridctl/dist/hybridctl.cjs
ln -sf /opt/hybridctl/dist/hybridctl.cjs /usr/local/bin/hybridctl

hybridctl monitor install --site /etc/hybridctl/hybridctl.yaml --no-heal --yes
