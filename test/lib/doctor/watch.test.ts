import { expect, it } from 'vitest';
import { tunnelsOf } from '../../../src/lib/domain/tunnel.ts';
import { hostView } from '../../../src/lib/doctor/host-view.ts';
import { watchChecks } from '../../../src/lib/doctor/host-watch.ts';
import type { CheckContext } from '../../../src/lib/doctor/types.ts';
import { fakeFiles } from '../../fakes/files.ts';
import { fakeShell, type Program } from '../../fakes/shell.ts';
import { fixture, siteOf } from '../../helpers/cloud.ts';

const FILE = '/usr/local/lib/hybridctl/tunnel-watch';
const site = siteOf(fixture('lab'));
const [check] = watchChecks;

/** A machine as one of the site's boxes. @param program its tunnel watch; none: it is not there. */
const context = (device: string, program?: Program): CheckContext => {
  const shell = fakeShell(program === undefined ? {} : { [FILE]: program });
  const files = fakeFiles(program === undefined ? {} : { [FILE]: '#!/bin/sh' });
  const ports = { shell, files, vici: () => Promise.reject(new Error()), signal: new AbortController().signal };
  const host = hostView(ports, site, tunnelsOf(site), {
    device,
    uri: 'unix:///var/run/charon.vici',
    root: '/',
    failures: async () => undefined,
  });
  return { site, tunnels: tunnelsOf(site), host } as unknown as CheckContext;
};

it('a router whose tunnel watch runs is well', async () => {
  const at = context('rtr-2', ({ args }) => ({ exitCode: args.join() === 'status' ? 0 : 9 }));
  expect([check!.inapplicable!(at), await check!.run(at)]).toEqual([undefined, []]);
});

it('one whose watch has ended is told so, and --fix starts it: by its unit, or without systemd by itself', async () => {
  const [result] = await check!.run(context('rtr-2', () => ({ exitCode: 1 })));
  expect(result).toMatchObject({
    level: 'error',
    subject: 'rtr-2',
    found: expect.stringContaining('the tunnel watch does not run'),
    next: expect.stringContaining('systemctl start hybridctl-watch.service'),
    fix: [{ kind: 'run', file: 'sh', args: ['-c', expect.stringContaining('systemctl start'), 'watch', FILE] }],
  });
});

it('one where it was never brought is sent to vpn up; a gateway with one tunnel needs none', async () => {
  expect(await check!.run(context('rtr-2'))).toMatchObject([{ next: 'bring it: hybridctl vpn up' }]);
  expect(check!.inapplicable!(context('gw-1'))).toBe('no tunnel of this machine needs a watch');
});
