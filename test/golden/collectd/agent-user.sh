#!/bin/sh
# collectd
set -eu
export AWS_DEFAULT_REGION=cn-north-1

# packages
sh -c 'm=$1; shift; if command -v amazon-linux-extras >/dev/null 2>&1; then amazon-linux-extras enable collectd >/dev/null; fi; exec "$m" install -q -y "$@"' sh dnf collectd

# configuration
install -D -m 0600 /dev/stdin /run/hybridctl/collectd-trial/collectd.conf <<'HYBRIDCTL_END'
BaseDir "/run/hybridctl/collectd-trial"
PIDFile "/run/hybridctl/collectd-trial/pid"
Interval 10
# Written by "hybridctl collectd deploy": run it again to change it.
Hostname "gw"
LoadPlugin cpu
LoadPlugin df
LoadPlugin interface
LoadPlugin load
LoadPlugin memory
LoadPlugin swap
LoadPlugin uptime
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
install -D -m 0644 /dev/stdin /opt/aws/amazon-cloudwatch-agent/etc/common-config.toml <<'HYBRIDCTL_END'
[credentials]
  shared_credential_profile = "default"
  shared_credential_file = "/etc/hybridctl/collectd-credentials"
HYBRIDCTL_END
install -D -m 0644 /dev/stdin /etc/hybridctl/collectd.conf <<'HYBRIDCTL_END'
# Written by "hybridctl collectd deploy": run it again to change it.
Hostname "gw"
LoadPlugin cpu
LoadPlugin df
LoadPlugin interface
LoadPlugin load
LoadPlugin memory
LoadPlugin swap
LoadPlugin uptime
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

# user hybridctl-office-collectd-gw
USER_COLLECTD_GW=$(aws iam create-user --cli-input-json '{"UserName":"hybridctl-office-collectd-gw","Tags":[{"Key":"Name","Value":"office-user-collectd-gw"},{"Key":"hybridctl:site","Value":"office"},{"Key":"hybridctl:key","Value":"user/collectd-gw"}]}' --query User.UserName --output text)

# policy hybridctl-office-collectd-gw
aws iam put-user-policy --cli-input-json "$(cat <<JSON
{"UserName":"${USER_COLLECTD_GW}","PolicyName":"hybridctl-office-collectd-gw","PolicyDocument":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Sid\\":\\"Publish\\",\\"Effect\\":\\"Allow\\",\\"Action\\":[\\"cloudwatch:PutMetricData\\"],\\"Resource\\":[\\"*\\"],\\"Condition\\":{\\"StringEquals\\":{\\"cloudwatch:namespace\\":\\"CWAgent\\"}}}]}"}
JSON
)"

# access key in /etc/hybridctl/collectd-credentials
aws iam create-access-key --cli-input-json "$(cat <<JSON
{"UserName":"${USER_COLLECTD_GW}"}
JSON
)" --query '[AccessKey.AccessKeyId,AccessKey.SecretAccessKey]' --output text | (umask 077; read -r kept0 kept1; mkdir -p /etc/hybridctl; printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$kept0" "$kept1" >/etc/hybridctl/collectd-credentials)

# CloudWatch Agent
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a append-config -m onPremise -s -c file:/etc/hybridctl/amazon-cloudwatch-agent.json
sh -c 'mkdir -p "$(dirname "$1")" && touch "$1"' sh /var/lib/hybridctl/collectd-agent.loaded

# collectd
sh -c 'if p=$(cat "$1" 2>/dev/null) && kill "$p" 2>/dev/null; then for i in $(seq 100); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done; kill -9 "$p" 2>/dev/null; fi; shift; mkdir -p "$(dirname "$1")" && touch "$1" && exec collectd -C "$2" -P "$3"' sh /var/run/collectd.pid /var/lib/hybridctl/collectd.read /etc/collectd.conf /var/run/collectd.pid

# metrics of gw in CloudWatch
