import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { tunnelsOf } from '../../../src/lib/domain/tunnel.ts';
import { fitting } from '../../../src/lib/procedures/kit/user-data.ts';
import { renderUserData } from '../../../src/lib/render/linux/user-data.ts';
import { siteOf } from '../render/linux/rendered.ts';

/** EC2's limit, before base64. */
const LIMIT = 16_384;

it('the set-up of a gateway with three tunnels fits into user data, and unpacks to itself', () => {
  const site = siteOf('lab', (loose) => {
    for (const box of [...loose.gateways, ...loose.onprem.routers]) box.interface = 'xfrm';
    for (const at of [3, 4])
      loose.tunnels.push({ ...loose.tunnels[0], name: `vpn${at}`, router: 'rtr-2', inside: `169.254.10${at}.0/30` });
  });
  const script = renderUserData(site, tunnelsOf(site), site.gateways[0]!, 'debian-12');
  expect(script.length).toBeGreaterThan(LIMIT);
  const packed = fitting(script);
  expect(packed.length).toBeLessThan(LIMIT);
  // Print what it would run, in place of running it.
  expect(execFileSync('sh', { input: packed.replace('sh "$script"', 'cat "$script"'), encoding: 'utf8' })).toBe(script);
});

it('a script that runs is run, with its exit code; a short one stays as it is', () => {
  const long = `#!/bin/sh\n: ${'x'.repeat(LIMIT)}\necho done\nexit 7\n`;
  let seen: { status: number; stdout: string } | undefined;
  try {
    execFileSync('sh', { input: fitting(long), encoding: 'utf8' });
  } catch (error) {
    seen = error as never;
  }
  expect([seen?.status, seen?.stdout]).toEqual([7, 'done\n']);
  expect(fitting('#!/bin/sh\n')).toBe('#!/bin/sh\n');
});
