#!/bin/sh
# collectd
set -eu
export AWS_DEFAULT_REGION=cn-north-1

# packages
sh -c 'm=$1; shift; if command -v amazon-linux-extras >/dev/null 2>&1; then amazon-linux-extras enable collectd >/dev/null; fi; exec "$m" install -q -y "$@"' sh dnf collectd collectd-apache amazon-cloudwatch-agent

# mod_status at http://localhost/server-status?auto
sh -c 'PATH="$PATH:/usr/sbin:/sbin"; command -v apachectl >/dev/null 2>&1 || { echo "Apache is not installed: install it first, or omit --apache" >&2; exit 1; }' sh
install -D -m 0644 /dev/stdin /etc/httpd/conf.d/hybridctl-status.conf <<'HYBRIDCTL_END'
# Written by "hybridctl collectd deploy" for collectd's apache plugin.
ExtendedStatus On
<Location "/server-status">
  SetHandler server-status
  Require local
</Location>
HYBRIDCTL_END
sh -c 'PATH="$PATH:/usr/sbin:/sbin"; if command -v a2enmod >/dev/null 2>&1; then a2enmod -q status && a2enconf -q hybridctl-status; fi && said=$(apachectl configtest 2>&1) || { a2disconf -q hybridctl-status 2>/dev/null; rm -f "$1"; echo "Apache does not take mod_status: $said" >&2; exit 1; }; exec apachectl graceful' sh /etc/httpd/conf.d/hybridctl-status.conf

# configuration
install -D -m 0600 /dev/stdin /run/hybridctl/collectd-trial/collectd.conf <<'HYBRIDCTL_END'
BaseDir "/run/hybridctl/collectd-trial"
PIDFile "/run/hybridctl/collectd-trial/pid"
Interval 10
# Written by "hybridctl collectd deploy": run it again to change it.
Hostname "i-0123456789abcdef0"
LoadPlugin load
LoadPlugin memory
LoadPlugin uptime
LoadPlugin apache
<Plugin apache>
  <Instance "local">
    URL "http://localhost/server-status?auto"
  </Instance>
</Plugin>
HYBRIDCTL_END
sh -c 'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; said=$(timeout 60 collectd -T -C "$1" 2>&1 || :); rm -rf "$2"; why=$(printf "%s\n" "$said" | grep -E "$3" | head -n 1); [ -z "$why" ] || { echo "$why" >&2; exit 1; }' sh /run/hybridctl/collectd-trial/collectd.conf /run/hybridctl/collectd-trial 'Parsing the config file failed|Parse error|Could not find plugin|Error importing module|Invalid configuration option|Unable to load plugin'
install -D -m 0644 /dev/stdin /etc/hybridctl/amazon-cloudwatch-agent.json <<'HYBRIDCTL_END'
{
  "agent": {
    "metrics_collection_interval": 60,
    "region": "cn-north-1",
    "debug": false
  },
  "metrics": {
    "namespace": "CWAgent",
    "metrics_collected": {
      "collectd": {
        "service_address": "udp://127.0.0.1:25826",
        "name_prefix": "collectd_",
        "collectd_security_level": "none",
        "metrics_aggregation_interval": 60
      }
    }
  }
}
HYBRIDCTL_END
install -D -m 0644 /dev/stdin /etc/hybridctl/collectd.conf <<'HYBRIDCTL_END'
# Written by "hybridctl collectd deploy": run it again to change it.
Hostname "i-0123456789abcdef0"
LoadPlugin load
LoadPlugin memory
LoadPlugin uptime
LoadPlugin apache
<Plugin apache>
  <Instance "local">
    URL "http://localhost/server-status?auto"
  </Instance>
</Plugin>
LoadPlugin unixsock
LoadPlugin network
<Plugin network>
  Server "127.0.0.1" "25826"
</Plugin>
HYBRIDCTL_END
install -D -m 0644 /dev/stdin /etc/collectd.conf <<'HYBRIDCTL_END'
# Written by "hybridctl collectd deploy", since there was none.
FQDNLookup false
LoadPlugin syslog
Include "/etc/hybridctl/collectd.conf"
HYBRIDCTL_END

# CloudWatch Agent
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a append-config -m ec2 -s -c file:/etc/hybridctl/amazon-cloudwatch-agent.json
sh -c 'mkdir -p "$(dirname "$1")" && touch "$1"' sh /var/lib/hybridctl/collectd-agent.loaded

# collectd
sh -c 'mkdir -p "$(dirname "$1")" && touch "$1" && systemctl -q enable collectd.service && exec systemctl restart collectd.service' sh /var/lib/hybridctl/collectd.read

# metrics of i-0123456789abcdef0 in CloudWatch
