import { describe, expect, it } from 'vitest';
import { run } from '../helpers/run.ts';

describe('lab: refusals that need no root', () => {
  it.each([
    ['lab up --name Big', '--name'],
    ['lab up --name hyb-2', '--name'],
    ['lab down', '--yes'],
    ['lab heal', '--all'],
    ['lab heal dx-1 --all', '--all'],
    ['lab cut', 'what'],
    ['lab cut dx-1 --kind melt', 'melt'],
    ['lab cut dx-1 --loss much', '--loss'],
    ['lab cut dx-1 --direction up', 'up'],
    ['lab exec app-1', 'command'],
    ['lab exec app-1 --', 'which program'],
    ['lab cloud --delay soon', '--delay'],
    ['lab cloud --delay 500', '500 has no unit: write 500ms'],
    ['lab cloud --serve aliyun --region cn-north-1', '--region'],
    ['lab cloud --serve aws --region cn-hangzhou', '--region'],
    ['lab cloud --fail 0', '--fail'],
    ['lab cloud --throttle 5', '--throttle'],
    ['lab cloud --how melt', 'melt'],
    ['lab cloud --serve gcp', '--serve'],
    ['lab cloud --port 4566', 'works only with --serve'],
    ['lab cloud --region us-east-1', 'works only with --serve'],
    ['lab cloud --serve aws --port 70000', '--port'],
    ['lab cloud --serve aws --clear', '--clear'],
    ['lab cloud --serve aws --site lab.yaml --region us-east-1', '--region'],
    ['lab cloud --serve aws --site none.yaml', 'no such file'],
    ['lab cloud --serve aliyun --delay 1s', '--serve'],
  ])('%s', async (line, named) => {
    const { exit, out, err } = await run(line);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain(named);
  });

  it('names the packages that are missing', async () => {
    const shell = {
      run: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
      which: async (file: string) => (file === 'ip' ? '/usr/sbin/ip' : undefined),
    };
    const { exit, err } = await run('lab status', { ports: { shell } });
    expect(exit).toBe(4);
    expect(err).toMatch(
      process.getuid?.() === 0
        ? /apt-get install nftables iputils-ping util-linux strongswan-charon strongswan-swanctl frr /
        : /root/,
    );
  });

  it('has no lab to show', async () => {
    const shell = {
      run: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
      which: async (file: string) => `/usr/sbin/${file}`,
    };
    const { exit, err } = await run('lab status', { ports: { shell } });
    expect(exit).toBe(process.getuid?.() === 0 ? 1 : 4);
    expect(err).toContain('next:');
  });
});
