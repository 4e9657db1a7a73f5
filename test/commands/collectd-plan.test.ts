import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { renderAgentConf, renderCollectdConf } from '../../src/lib/render/collectd/index.ts';
import { fakeShell, type Program } from '../fakes/shell.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';
import { run } from '../helpers/run.ts';

/** A host that says so of itself, and on which nothing is yet. */
const host = (...said: readonly string[]) => {
  const sh: Program = ({ args }) => (args[1]!.includes('manager') ? `${said.join('\n')}\n` : { exitCode: 1 });
  return fakeShell({ sh, systemctl: () => ({ exitCode: 3 }), find: () => ({ exitCode: 1, stderr: 'no such file' }) });
};
const AMAZON = host(
  'manager dnf',
  'systemd yes',
  'hostname ip-10-0-0-6',
  'instance i-0123456789abcdef0',
  'region cn-north-1',
);
const DEBIAN = host('manager apt-get', 'hostname gw');
const SUM = '0'.repeat(64);

describe('a bare host, as shell lines', () => {
  it.each([
    ['agent-amazon', AMAZON, '--read memory --read load --apache'],
    [
      'python-amazon',
      AMAZON,
      `--plugin python --package https://example.com/collectd-cloudwatch.tar.gz --sha256 ${SUM} --whitelist whitelist.conf`,
    ],
    [
      'python-debian',
      DEBIAN,
      `--package https://example.com/collectd-cloudwatch.tar.gz --sha256 ${SUM} --region eu-west-1 --credentials keys --skip-proof`,
    ],
  ])('%s', async (name, shell, flags) => {
    const { exit, out, err } = await run(`collectd deploy ${flags} --emit sh`, {
      files: {
        'whitelist.conf': 'memory--memory-.*\nuptime--uptime-.*\n',
        keys: 'aws_access_key_id = A\naws_secret_access_key = never-shown\n',
      },
      ports: { shell },
    });
    expect([exit, err]).toEqual([0, '']);
    expect(out).not.toContain('never-shown');
    await expect(out).toMatchFileSnapshot(`../golden/collectd/${name}.sh`);
  });
});

test('with a user of its own, whose key no runbook holds', async () => {
  const cloud = await testCloud(fixture('seed-bjs'));
  const { exit, out, err } = await cloud.run(
    'collectd deploy --plugin agent --user office --region cn-north-1 --emit sh',
    { ports: { shell: host('manager dnf', 'hostname gw', 'agent yes') } },
  );
  expect([exit, err]).toEqual([0, '']);
  await expect(out).toMatchFileSnapshot('../golden/collectd/agent-user.sh');
});

describe('refusals', () => {
  it.each([
    ['collectd deploy', DEBIAN, { exit: 2, err: 'neither the CloudWatch Agent nor the plugin' }],
    [
      'collectd deploy --plugin python --region eu-west-1 --credentials keys',
      DEBIAN,
      { exit: 2, err: 'the plugin is not there' },
    ],
    ['collectd deploy --plugin agent', DEBIAN, { exit: 2, err: '--region' }],
    ['collectd deploy --plugin agent', AMAZON, { exit: 2, err: 'confirmation needed: add --yes' }],
    ['collectd deploy --plugin agent --credentials keys', AMAZON, { exit: 2, err: 'has no profile [default]' }],
    [
      'collectd deploy --plugin agent --user office --credentials keys',
      AMAZON,
      { exit: 2, err: '--credentials: cannot be used together with --user' },
    ],
    ['collectd deploy --plugin agent --user Office', AMAZON, { exit: 2, err: '--user: Office' }],
    [
      `collectd deploy --plugin agent --user office --name ${'h'.repeat(60)}`,
      AMAZON,
      { exit: 2, err: 'more than 64 characters' },
    ],
    [
      'collectd deploy --plugin agent --region eu-west-1',
      host('manager dnf', 'hostname a b'),
      { exit: 2, err: 'is no name for metrics' },
    ],
    ['collectd deploy --apache http://x/;id', AMAZON, { exit: 2, err: '--apache' }],
    ['collectd deploy --read memory;id', AMAZON, { exit: 2, err: '--read' }],
    ['collectd deploy --flush 0s', AMAZON, { exit: 2, err: '--flush' }],
    ['collectd deploy --flush 30', AMAZON, { exit: 2, err: '--flush: 30 has no unit: write 30s' }],
    ['collectd deploy --flush 1500ms', AMAZON, { exit: 2, err: '--flush: is in whole seconds' }],
    ['collectd deploy --read memory load', AMAZON, { exit: 2, err: 'write --read memory --read load' }],
    ['collectd deploy --package a.tar.gz', AMAZON, { exit: 2, err: '--sha256' }],
    [`collectd deploy --package http://x/a.tar.gz --sha256 ${SUM}`, AMAZON, { exit: 2, err: 'no https address' }],
    [
      `collectd deploy --plugin python --package https://x/a.tar.gz --sha256 ${SUM} --whitelist good`,
      AMAZON,
      { exit: 2, err: 'does not let the heartbeat' },
    ],
    ['collectd deploy --whitelist bad', AMAZON, { exit: 2, err: 'bad:1: a bare "|"' }],
    ['collectd deploy --role office --region cn-north-1', AMAZON, { exit: 2, err: '--role' }],
    ['collectd deploy --name a --host root@a --host root@b', AMAZON, { exit: 2, err: '--name' }],
    ['collectd deploy --config relative', AMAZON, { exit: 2, err: '--config' }],
    ['collectd whitelist deploy', AMAZON, { exit: 2, err: 'whitelist.conf: no such file' }],
    ['collectd whitelist deploy --file bad --host root@nowhere', AMAZON, { exit: 2, err: 'bad:1' }],
    ['collectd whitelist deploy --file good', AMAZON, { exit: 2, err: 'there is no plugin' }],
  ])('%s', async (line, shell, { exit, err }) => {
    const ran = await run(line.split(' '), {
      files: { keys: 'aws_secret_access_key = x\n', bad: 'a|b\n', good: 'load--load-.*\n' },
      ports: { shell },
    });
    expect([ran.exit, ran.err]).toEqual([exit, expect.stringContaining(err)]);
    expect(ran.files['/etc/collectd.conf']).toBeUndefined();
  });
});

test('region is asked once, where somebody is there', async () => {
  const ran = await run('collectd deploy --plugin agent --dry-run --json', {
    answers: { Region: 'eu-west-1' },
    ports: { shell: DEBIAN },
  });
  expect(ran.asked).toEqual(['Region for the metrics?']);
});

test('the role, in China: EC2 by its name there, one namespace, and nothing twice', async () => {
  const cloud = await testCloud(fixture('seed-bjs'));
  const line = 'collectd deploy --plugin agent --role office --region cn-north-1 --dry-run --json';
  const first = await cloud.run(line, { ports: { shell: AMAZON } });
  expect(first.json().cloud.map(({ key, action }: { key: string; action: string }) => `${action} ${key}`)).toEqual([
    'make role/collectd',
    'make policy/collectd',
    'make profile/collectd',
  ]);
  const runbook = await cloud.run(line.replace('--dry-run --json', '--emit sh'), { ports: { shell: AMAZON } });
  expect([runbook.exit, runbook.out]).toEqual([
    0,
    expect.stringMatching(
      /aws iam create-role .*"Service\\":\\"ec2.amazonaws.com.cn\\"[^]*aws iam add-role-to-instance-profile[^]*# packages/,
    ),
  ]);
  expect((await cloud.calls()).filter((call) => !/^Get/.test(call))).toEqual([]);
});

test('what is rendered for the agent arrives where the agent listens', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hya-'));
  const { metrics } = JSON.parse(renderAgentConf({ region: 'cn-north-1', flush: 60, debug: false })) as {
    metrics: { metrics_collected: { collectd: { service_address: string } } };
  };
  const port = Number(/^udp:\/\/127\.0\.0\.1:(\d+)$/.exec(metrics.metrics_collected.collectd.service_address)![1]);
  const socket = createSocket('udp4');
  const came = new Promise<Buffer>((resolve) => socket.on('message', resolve));
  await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(port, '127.0.0.1', resolve));
  const conf = renderCollectdConf({
    sender: 'agent',
    host: 'agent-host',
    reads: ['memory', 'cpu', 'interface', 'disk', 'df', 'load'],
    apache: undefined,
    modules: '',
    socket: false,
  });
  await writeFile(join(folder, 'conf'), `BaseDir "${folder}"\nPIDFile "${folder}/pid"\nInterval 1\n${conf}`);
  const child = spawn('collectd', ['-f', '-C', join(folder, 'conf')], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  try {
    // Part type 0 is the host, a string with its length before it (collectd, "Binary protocol").
    const packet = await came;
    expect(packet.readUInt16BE(0)).toBe(0);
    expect(packet.toString('latin1', 4, packet.readUInt16BE(2) - 1)).toBe('agent-host');
  } finally {
    child.kill('SIGTERM');
    await ended;
    socket.close();
    await rm(folder, { recursive: true, force: true });
  }
});
