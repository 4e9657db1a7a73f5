import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/lib/core/errors.ts';
import { fixture } from '../helpers/cloud.ts';
import { run } from '../helpers/run.ts';

describe('vpn doctor: what is asked of whom', () => {
  it.each([
    ['--host gw-1', '--host: names a machine to reach by ssh, as user@host: the device goes without a flag'],
    ['--vici unix:///a', '--vici: is now --uri'],
    ['--cloud gw-1', 'device: cannot be used together with --cloud'],
    ['--cloud --host root@gw-1', '--host: cannot be used together with --cloud'],
    ['--dry-run', '--dry-run: works only with --fix'],
    ['gw-9', 'device: no Linux gateway or router with a tunnel is called gw-9'],
    ['--no-cloud', 'device: which machine is this? No gateway or router of the site has an address of it'],
    ['--host root@gw-1 --log charon.log', '--log: charon.log is a file of root@gw-1: write its whole path'],
  ])('%s is refused with what to write', async (flags, expected) => {
    const { exit, err, out } = await run(`vpn doctor ${flags}`, {
      files: { 'hybridctl.yaml': fixture('lab') },
      ports: { shell: { run: async () => ({ exitCode: 1, stdout: '', stderr: '' }), which: async () => undefined } },
    });
    expect({ exit, out, err }).toEqual({ exit: EXIT.usage, out: '', err: expect.stringContaining(expected) });
  });
});
