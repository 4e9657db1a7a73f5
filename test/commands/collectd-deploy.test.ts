import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { files } from '../../src/lib/adapters/files.ts';
import { openSource } from '../../src/lib/adapters/source.ts';
import { connectSsh } from '../../src/lib/adapters/ssh.ts';
import type { Clock, Ports } from '../../src/lib/core/ports.ts';
import type { CloudState } from '../../src/lib/cloud/state.ts';
import { metrics } from '../../src/lib/cloud/services/cloudwatch/state.ts';
import { fixture, testCloud, type TestCloud } from '../helpers/cloud.ts';
import { packPlugin, startRoom, type CollectdHostRoom, type PluginArchive } from '../helpers/collectd-hosts.ts';
import { freePort } from '../helpers/sshd.ts';

/** As the clock goes, twenty times as fast: what is waited for in vain is given up soon. */
const hasty = (): Clock => {
  const start = Date.now();
  return {
    now: () => start + (Date.now() - start) * 20,
    sleep: (ms, signal) => delay(ms / 20, undefined, signal === undefined ? {} : { signal }),
  };
};

const WHITELIST = '/opt/collectd-plugins/cloudwatch/config/whitelist.conf';

describe('two hosts by ssh, a real collectd on each', () => {
  let rooms: CollectdHostRoom[];
  let nobody: number;
  let known: string;
  let folder: string;
  beforeAll(async () => {
    const ports = new Set<number>();
    while (ports.size < 3) ports.add(await freePort());
    const [one, two, free] = [...ports] as [number, number, number];
    rooms = await Promise.all([startRoom('web-1', one), startRoom('web-2', two)]);
    nobody = free;
    folder = rooms[0]!.sshd.folder;
    known = join(folder, 'all_known_hosts');
    await writeFile(known, (await Promise.all(rooms.map(({ sshd }) => files.read(sshd.knownHosts)))).join(''));
    await writeFile(
      join(folder, 'credentials'),
      '[default]\naws_access_key_id = AKIDMETRICS\naws_secret_access_key = never-to-be-shown\n',
    );
    // One key for both: the second takes the first one's.
    await rooms[1]!.sh(`cat ${rooms[0]!.sshd.folder}/user.pub >> ${rooms[1]!.sshd.folder}/user.pub`);
  }, 180_000);
  afterAll(async () => void (await Promise.all(rooms.map((room) => room.stop()))), 30_000);

  const ports = (): Partial<Ports> => ({ files, source: openSource, ssh: connectSsh, cwd: folder });
  const ssh = (...which: readonly number[]): string =>
    `${which.map((index) => `--host ${rooms[index]?.sshd.target ?? `root@127.0.0.1:${nobody}`}`).join(' ')} --identity ${rooms[0]!.sshd.identity} --known-hosts ${known}`;
  const deploy = (cloud: TestCloud, { path, sha256 }: PluginArchive, more: string, over: Partial<Ports> = {}) =>
    cloud.run(
      `collectd deploy --plugin python --package ${path} --sha256 ${sha256} --region cn-north-1 --read memory --read load --flush 1s --json ${more}`,
      { ports: { ...ports(), ...over } },
    );
  const series = (cloud: TestCloud) =>
    Object.values(metrics.of(cloud.cloud.snapshot() as CloudState).series).map(
      ({ name, dimensions }) => `${dimensions['Host']}/${name}`,
    );

  test('from nothing to metrics in CloudWatch; a host that can not be reached is told; a second run changes nothing; then the whitelist', async () => {
    const cloud = await testCloud(fixture('seed-bjs'));
    const archive = await packPlugin(cloud.url);
    const first = await deploy(cloud, archive, `--user office ${ssh(0, 1, 2)} --yes`);
    expect(first.exit, first.err + first.out).toBe(5);
    const [one, two, three] = first.json().hosts;
    expect(three).toMatchObject({
      did: 'failed',
      error: { exit: 4, message: expect.stringContaining("can't be reached") },
    });
    for (const [host, name] of [
      [one, 'web-1'],
      [two, 'web-2'],
    ])
      expect(
        host.steps.map(({ key, action }: { key: string; action: string }) => `${action} ${key}`),
        JSON.stringify(host),
      ).toEqual([
        'keep packages',
        'make plugin',
        'change endpoint',
        'change files',
        `make user/collectd-${name}`,
        `make user-policy/collectd-${name}`,
        `make access-key/collectd-${name}`,
        'make collectd',
        expect.stringMatching('started'),
        expect.stringMatching('published'),
      ]);
    expect(new Set(series(cloud).map((name) => name.split('/')[1]))).toEqual(new Set(['uptime.uptime']));
    for (const { sh } of rooms) {
      expect(
        await sh(
          'stat -c %a /etc/hybridctl/collectd-credentials; tail -n 1 /etc/collectd/collectd.conf; grep -c Include /etc/collectd/collectd.conf.before-hybridctl; grep -c "finished successfully" /run/collectd.log',
        ),
      ).toBe('600\nInclude "/etc/hybridctl/collectd.conf"\n0\n1\n');
      expect(await sh('cat /opt/collectd-plugins/cloudwatch/config/blocked_metrics')).toContain(
        'memory--memory-used\n',
      );
    }
    // A user and a key for each host; the secret is there and nowhere else.
    for (const { name, sh } of rooms) {
      const UserName = `hybridctl-office-collectd-${name}`;
      const [, id, secret] = /^\[default\]\naws_access_key_id = (\S+)\naws_secret_access_key = (\S+)\n$/.exec(
        await sh('cat /etc/hybridctl/collectd-credentials'),
      )!;
      expect(
        (await cloud.aws().all('iam', 'ListAccessKeys', { UserName }, 'AccessKeyMetadata')).map(
          ({ AccessKeyId }) => AccessKeyId,
        ),
      ).toEqual([id]);
      expect(
        JSON.parse(
          decodeURIComponent(
            (await cloud.aws().ask('iam', 'GetUserPolicy', { UserName, PolicyName: UserName })).PolicyDocument!,
          ),
        ).Statement[0],
      ).toMatchObject({
        Action: ['cloudwatch:PutMetricData'],
        Condition: { StringEquals: { 'cloudwatch:namespace': 'collectd' } },
      });
      expect(`${first.out}${first.err}`).not.toContain(secret);
    }
    expect(new Set(series(cloud).map((name) => name.split('/')[0]))).toEqual(new Set(['web-1', 'web-2']));

    const again = await deploy(cloud, archive, `--user office ${ssh(0, 1)} --dry-run --detailed-exitcode`);
    expect(again.exit, again.out + again.err).toBe(0);

    await writeFile(join(folder, 'whitelist.conf'), 'uptime--uptime-.*\nmemory--memory-.*\n');
    const seen = await cloud.run(
      `collectd whitelist preview --host ${rooms[0]!.sshd.target} --identity ${rooms[0]!.sshd.identity} --known-hosts ${known} --json`,
      { ports: ports() },
    );
    const promised = seen.json().published as string[];
    expect(promised).toEqual(
      expect.arrayContaining([
        'memory--memory-used',
        'memory--memory-buffered',
        'memory--memory-cached',
        'memory--memory-free',
      ]),
    );
    const told = await cloud.run(`collectd whitelist deploy ${ssh(0, 1)} --yes --json`, { ports: ports() });
    expect(told.exit, told.err + told.out).toBe(0);
    expect(told.json().hosts[0].steps[0]).toMatchObject({
      action: 'change',
      notes: [`${WHITELIST} differs`, '+ memory--memory-.*'],
    });
    const wanted = promised.map((name) => name.replace(/^memory--memory-/, 'memory.memory.')).sort();
    for (
      let tries = 0;
      tries < 60 && new Set(series(cloud).map((name) => name.split('/')[1])).size < 1 + wanted.length;
      tries += 1
    )
      await delay(100);
    expect([...new Set(series(cloud).map((name) => name.split('/')[1]!))].sort()).toEqual(
      [...wanted, 'uptime.uptime'].sort(),
    );
    await archive.remove();
  }, 180_000);

  test('a plugin that does not start with it: that host gets its whitelist back and runs on, the other keeps the new one', async () => {
    const cloud = await testCloud(fixture('seed-bjs'));
    const before = await rooms[1]!.machine.files.read(WHITELIST);
    const writer = await rooms[1]!.machine.files.read('/opt/collectd-plugins/cloudwatch_writer.py');
    await rooms[1]!.sh(
      "sed -i 's/^def start():/def start():\\n    raise ValueError(1)/' /opt/collectd-plugins/cloudwatch_writer.py",
    );
    await writeFile(join(folder, 'whitelist.conf'), 'uptime--uptime-.*\nload--load-.*\n');
    const ran = await cloud.run(`collectd whitelist deploy ${ssh(0, 1)} --yes --json`, {
      ports: { ...ports(), clock: hasty() },
    });
    expect(ran.exit, ran.err + ran.out).toBe(5);
    expect(ran.json().hosts).toMatchObject([
      { did: 'applied' },
      { did: 'failed', error: { message: expect.stringContaining('it wrote no') } },
    ]);
    expect(await rooms[0]!.machine.files.read(WHITELIST)).toBe('uptime--uptime-.*\nload--load-.*\n');
    expect(await rooms[1]!.machine.files.read(WHITELIST)).toBe(before);
    expect(await rooms[1]!.sh('kill -0 "$(cat /run/collectd.pid)" && echo runs')).toBe('runs\n');
    await rooms[1]!.machine.files.write([
      { path: '/opt/collectd-plugins/cloudwatch_writer.py', content: writer!, mode: 0o644 },
    ]);
  }, 180_000);

  test('what collectd does not take never takes the place of what it runs with', async () => {
    const cloud = await testCloud(fixture('seed-bjs'));
    const archive = await packPlugin(cloud.url);
    const state = () =>
      rooms[0]!.sh(
        'cat /etc/hybridctl/collectd.conf /etc/hybridctl/collectd-credentials /etc/collectd/collectd.conf; stat -c %a /etc/hybridctl/collectd-credentials; cat /run/collectd.pid',
      );
    const before = await state();
    const bad = await cloud.run(
      `collectd deploy --plugin python --region cn-north-1 --user other --read memory --read nosuch --flush 1s ${ssh(0)} --yes`,
      { ports: ports() },
    );
    expect(bad).toMatchObject({ exit: 1, err: expect.stringContaining('Could not find plugin "nosuch"') });
    expect(await state()).toBe(before);
    expect((await cloud.calls()).filter((call) => !/^(Get|List)/.test(call))).toEqual([]);
    const python2 = await packPlugin(cloud.url, {
      file: 'cloudwatch_writer.py',
      content: 'try:\n    pass\nexcept StopIteration, e:\n    pass\n',
    });
    const old = await deploy(cloud, python2, `--credentials ${folder}/credentials ${ssh(0)} --yes`);
    expect(old).toMatchObject({
      exit: 1,
      err: expect.stringMatching(/the plugin: collectd can't import it: SyntaxError/),
    });
    expect(JSON.parse(old.err.trimEnd().split('\n').at(-1)!).error.message).not.toContain('\n');
    const other = await deploy(
      cloud,
      { ...archive, sha256: '0'.repeat(64) },
      `--credentials ${folder}/credentials ${ssh(0)} --yes`,
    );
    expect(other).toMatchObject({ exit: 1, err: expect.stringContaining('SHA-256') });
    expect(await state()).toBe(before);
    expect(await rooms[0]!.sh('ls -A -I __pycache__ /opt/collectd-plugins')).toBe(
      '.hybridctl-sha256\ncloudwatch\ncloudwatch_writer.py\n',
    );
    await Promise.all([archive.remove(), python2.remove()]);
  }, 180_000);

  test("Apache's mod_status, turned on and read", async () => {
    const cloud = await testCloud(fixture('seed-bjs'));
    const [{ sh, machine }] = rooms as [CollectdHostRoom];
    const port = await freePort();
    await sh(
      `printf 'Listen 127.0.0.1:${port}\\n' > /etc/apache2/ports.conf; sed -i 's/\\*:80/127.0.0.1:${port}/' /etc/apache2/sites-available/000-default.conf; echo 'ServerName localhost' >> /etc/apache2/apache2.conf; a2dismod -q -f status; mkdir -p /run/apache2; apachectl start`,
    );
    await writeFile(join(folder, 'apache.conf'), 'uptime--uptime-.*\napache-.*\n');
    const url = `http://127.0.0.1:${port}/server-status?auto`;
    const endpoint = (await machine.files.read('/opt/collectd-plugins/cloudwatch/endpoint'))!;
    await machine.files.write([{ path: '/opt/collectd-plugins/cloudwatch/endpoint', content: cloud.url, mode: 0o644 }]);
    expect(endpoint).toContain('http://127.0.0.1:');
    const ran = await cloud.run(
      `collectd deploy --plugin python --region cn-north-1 --credentials ${folder}/credentials --read memory --flush 1s --apache ${url} --whitelist apache.conf ${ssh(0)} --yes --json`,
      { ports: ports() },
    );
    expect(ran.exit, ran.err + ran.out).toBe(0);
    expect(ran.json().hosts[0].steps.find(({ key }: { key: string }) => key === 'apache')).toMatchObject({
      action: 'make',
    });
    expect(await sh('stat -c %a /etc/hybridctl/collectd-credentials; cat /etc/hybridctl/collectd-credentials')).toBe(
      '600\n[default]\naws_access_key_id = AKIDMETRICS\naws_secret_access_key = never-to-be-shown\n',
    );
    expect(`${ran.out}${ran.err}`).not.toContain('never-to-be-shown');
    for (let tries = 0; tries < 60 && !series(cloud).some((name) => name.includes('apache.')); tries += 1)
      await delay(100);
    expect(series(cloud).map((name) => name.split('/')[1])).toEqual(
      expect.arrayContaining(['apache.apache_requests', 'apache.apache_bytes']),
    );
  }, 180_000);
});
