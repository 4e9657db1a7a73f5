#!/bin/sh
# collectd
set -eu
export AWS_DEFAULT_REGION=cn-north-1

# packages
sh -c 'm=$1; shift; if command -v amazon-linux-extras >/dev/null 2>&1; then amazon-linux-extras enable collectd >/dev/null; fi; exec "$m" install -q -y "$@"' sh dnf collectd collectd-python

# CloudWatch plugin in /opt/collectd-plugins
sh -c '
set -eu; umask 022; sum=$1; url=$2; to=$3
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
work=$(mktemp -d); trap '\''rm -rf "$work"'\'' EXIT
say() { echo "$1" >&2; exit 1; }
if [ "$url" = - ]; then base64 -d > "$work/a"; else curl -fsSL --proto '\''=https'\'' --max-time 300 -o "$work/a" "$url"; fi
echo "$sum  $work/a" | sha256sum -c --status || say "the SHA-256 of the package is not the given one"
mkdir "$work/x"; tar -xzf "$work/a" -C "$work/x" --no-same-owner
main=$(find "$work/x" -name cloudwatch_writer.py -type f | head -n 1)
[ -n "$main" ] || say "no cloudwatch_writer.py in the package"
top=$(dirname "$main"); [ -d "$top/cloudwatch" ] || say "no folder cloudwatch in the package"
[ ! -d "$to/cloudwatch/config" ] || { mkdir -p "$top/cloudwatch/config"; cp -a "$to/cloudwatch/config/." "$top/cloudwatch/config/"; }
cat > "$work/c" <<END
BaseDir "$work"
PIDFile "$work/pid"
<LoadPlugin python>
  Globals true
</LoadPlugin>
<Plugin python>
  ModulePath "$top"
  LogTraces true
  Interactive false
  Import "cloudwatch_writer"
</Plugin>
END
said=$(collectd -T -C "$work/c" 2>&1 || :)
case $said in *"Error importing module"*) say "collectd can'\''t import it: $(echo "$said" | grep -m 1 "exception in importing" | sed -E "s/^.*: ([A-Za-z]*Error)/\1/")";; esac
mkdir -p "$to/.new"; rm -rf "$to/.new/"*; cp -a "$top/cloudwatch" "$top/cloudwatch_writer.py" "$to/.new/"
rm -rf "$to/.old"; [ ! -d "$to/cloudwatch" ] || mv "$to/cloudwatch" "$to/.old"
mv "$to/.new/cloudwatch" "$to/.new/cloudwatch_writer.py" "$to/"; rm -rf "$to/.old" "$to/.new"
printf '\''%s\n'\'' "$sum" > "$to/.hybridctl-sha256"' sh 0000000000000000000000000000000000000000000000000000000000000000 https://example.com/collectd-cloudwatch.tar.gz /opt/collectd-plugins

# the plugin's endpoint in China

# configuration
install -D -m 0600 /dev/stdin /run/hybridctl/collectd-trial/collectd.conf <<'HYBRIDCTL_END'
BaseDir "/run/hybridctl/collectd-trial"
PIDFile "/run/hybridctl/collectd-trial/pid"
Interval 10
# Written by "hybridctl collectd deploy": run it again to change it.
LoadPlugin cpu
LoadPlugin df
LoadPlugin interface
LoadPlugin load
LoadPlugin memory
LoadPlugin swap
LoadPlugin uptime
<LoadPlugin python>
  Globals true
</LoadPlugin>
<Plugin python>
  ModulePath "/opt/collectd-plugins"
  LogTraces true
  Interactive false
  Import "cloudwatch_writer"
</Plugin>
HYBRIDCTL_END
sh -c 'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; said=$(timeout 60 collectd -T -C "$1" 2>&1 || :); rm -rf "$2"; why=$(printf "%s\n" "$said" | grep -E "$3" | head -n 1); [ -z "$why" ] || { echo "$why" >&2; exit 1; }' sh /run/hybridctl/collectd-trial/collectd.conf /run/hybridctl/collectd-trial 'Parsing the config file failed|Parse error|Could not find plugin|Error importing module|Invalid configuration option|Unable to load plugin'
install -D -m 0644 /dev/stdin /opt/collectd-plugins/cloudwatch/config/plugin.conf <<'HYBRIDCTL_END'
region = "cn-north-1"
host = "i-0123456789abcdef0"
whitelist_pass_through = False
push_asg = False
push_constant = False
constant_dimension_value = "ALL"
enable_high_resolution_metrics = False
flush_interval_in_seconds = 60
debug = False
HYBRIDCTL_END
install -D -m 0644 /dev/stdin /opt/collectd-plugins/cloudwatch/config/whitelist.conf <<'HYBRIDCTL_END'
memory--memory-.*
uptime--uptime-.*
HYBRIDCTL_END
install -D -m 0644 /dev/stdin /etc/hybridctl/collectd.conf <<'HYBRIDCTL_END'
# Written by "hybridctl collectd deploy": run it again to change it.
LoadPlugin cpu
LoadPlugin df
LoadPlugin interface
LoadPlugin load
LoadPlugin memory
LoadPlugin swap
LoadPlugin uptime
LoadPlugin unixsock
<LoadPlugin python>
  Globals true
</LoadPlugin>
<Plugin python>
  ModulePath "/opt/collectd-plugins"
  LogTraces true
  Interactive false
  Import "cloudwatch_writer"
</Plugin>
HYBRIDCTL_END
install -D -m 0644 /dev/stdin /etc/collectd.conf <<'HYBRIDCTL_END'
# Written by "hybridctl collectd deploy", since there was none.
FQDNLookup false
LoadPlugin syslog
Include "/etc/hybridctl/collectd.conf"
HYBRIDCTL_END

# collectd
sh -c 'mkdir -p "$(dirname "$1")" && touch "$1" && systemctl -q enable collectd.service && exec systemctl restart collectd.service' sh /var/lib/hybridctl/collectd.read

# the plugin's start

# metrics of i-0123456789abcdef0 in CloudWatch
