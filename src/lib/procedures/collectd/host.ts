import { MACHINE_ID, machineOf } from '../../domain/fingerprint.ts';
import { failure } from '../../core/errors.ts';
import type { Files, Shell } from '../../core/ports.ts';
import { settingIn } from '../../domain/collectd/config.ts';

export interface Where {
  readonly shell: Shell;
  readonly files: Pick<Files, 'read' | 'stat'>;
}

/** A host as collectd finds it. */
export interface CollectdHost {
  /** The main configuration file. */
  readonly config: string;
  /** Its text; undefined where there is none. */
  readonly main: string | undefined;
  readonly pidFile: string;
  /** Whether systemd runs there. Where not, as in a container, the daemon is started plainly. */
  readonly systemd: boolean;
  /** Package manager, by its program. */
  readonly manager: 'apt-get' | 'dnf' | 'yum' | undefined;
  /** Whether the CloudWatch Agent is there. */
  readonly agent: boolean;
  /** What its metrics carry as their host: the instance's id on EC2, else the host's own name. */
  readonly name: string;
  /** Tells it from another of the same name, as `machineOf` gives it. */
  readonly machine: string | undefined;
  /** The instance's region; undefined outside EC2. */
  readonly region: string | undefined;
}

/** Answers in lines `key value`. IMDSv2 is asked with a token; outside EC2 nobody answers, which takes a second. */
const LOOK = `
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/opt/aws/amazon-cloudwatch-agent/bin"
for m in apt-get dnf yum; do command -v $m >/dev/null 2>&1 && { echo "manager $m"; break; }; done
[ -d /run/systemd/system ] && echo "systemd yes"
command -v amazon-cloudwatch-agent-ctl >/dev/null 2>&1 && echo "agent yes"
if command -v collectd >/dev/null 2>&1; then
  collectd -h 2>&1 | sed -n 's/^ *Config file  *\\([^ ].*\\)$/config \\1/p; s/^ *PID file  *\\([^ ].*\\)$/pid \\1/p'
fi
echo "hostname $(hostname)"
if command -v curl >/dev/null 2>&1; then
  at=http://169.254.169.254/latest
  token=$(curl -sf --noproxy '*' --connect-timeout 1 -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $at/api/token) && {
    echo "instance $(curl -sf --noproxy '*' -m 2 -H "X-aws-ec2-metadata-token: $token" $at/meta-data/instance-id)"
    echo "region $(curl -sf --noproxy '*' -m 2 -H "X-aws-ec2-metadata-token: $token" $at/meta-data/placement/region)"
  }
fi
exit 0`;

/** @param config main configuration file, where it is not collectd's own default. */
export const lookAtHost = async ({ shell, files }: Where, config: string | undefined): Promise<CollectdHost> => {
  const { exitCode, stdout, stderr } = await shell.run('sh', ['-c', LOOK], { timeoutMs: 30_000 });
  if (exitCode !== 0) throw failure(`can't look at the host: ${stderr.trim().split('\n')[0] ?? ''}`);
  const said = new Map(
    stdout.split('\n').flatMap((line) => (/^\w+ \S/.test(line) ? [line.split(/ (.*)/s, 2) as [string, string]] : [])),
  );
  const manager = (['apt-get', 'dnf', 'yum'] as const).find((name) => name === said.get('manager'));
  const path =
    config ?? said.get('config') ?? (manager === 'apt-get' ? '/etc/collectd/collectd.conf' : '/etc/collectd.conf');
  const main = await files.read(path);
  return {
    config: path,
    main,
    pidFile: settingIn(main ?? '', 'PIDFile') ?? said.get('pid') ?? '/var/run/collectd.pid',
    systemd: said.has('systemd'),
    manager,
    agent: said.has('agent'),
    name: said.get('instance') ?? said.get('hostname') ?? 'localhost',
    machine: machineOf(await files.read(MACHINE_ID).catch(() => undefined)),
    region: said.get('region'),
  };
};
