import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSite } from '../../../src/lib/domain/check.ts';
import { crossCheck } from '../../../src/lib/domain/cross-check.ts';
import type { Site } from '../../../src/lib/domain/site.ts';
import { keyIds, tunnelsOf, type End } from '../../../src/lib/domain/tunnel.ts';
import { renderSite, type RenderedDevice } from '../../../src/lib/render/index.ts';
import { arbitrarySite } from '../../helpers/arbitrary-site.ts';

const render = (site: Site) => {
  const tunnels = tunnelsOf(site);
  const psks = new Map(tunnels.map(({ name }, index) => [name, `Key.of.tunnel.${index}.aA0_`]));
  expect([...checkSite(site), ...crossCheck(site, tunnels)]).toEqual([]);
  return { tunnels, psks, devices: renderSite(site, tunnels, { psks }) };
};

const textOf = (devices: readonly RenderedDevice[], end: End, mode?: number): string =>
  devices
    .find(({ device, side }) => device === end.device && side === end.side)!
    .files.filter((file) => mode === undefined || file.mode === mode)
    .map(({ content }) => content)
    .join('\n');

/** `key = value` lines of the connection of that name, whatever section they are in. */
const settings = (text: string, tunnel: string): ReadonlyMap<string, readonly string[]> => {
  const block = text.slice(text.indexOf(`\n  ${tunnel} {`)).split('\n  }\n')[0]!;
  const found = new Map<string, string[]>();
  for (const [, key, value] of block.matchAll(/^\s+([a-z_]+) = (.*)$/gm))
    found.set(key!, [...(found.get(key!) ?? []), value!]);
  return found;
};

test('any valid site renders, whatever stands at its ends; keys are in 0600 files alone, and both ends name each other', () => {
  fc.assert(
    fc.property(arbitrarySite, (site) => {
      const { tunnels, psks, devices } = render(site);
      const files = devices.flatMap((device) =>
        device.files.map((file) => ({ ...file, path: `${device.device}/${file.path}` })),
      );
      expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
      for (const { path, mode, content } of files) {
        expect(content.endsWith('\n') && !/[\u0000-\u0008\u000b-\u001f\u007f]/.test(content), path).toBe(true);
        for (const psk of psks.values()) if (mode !== 0o600) expect(content.includes(psk), path).toBe(false);
      }
      for (const { name, cloud, onprem } of tunnels) {
        for (const [local, remote] of [
          [cloud, onprem],
          [onprem, cloud],
        ] as const) {
          expect(textOf(devices, local, 0o600), name).toContain(psks.get(name));
          for (const id of keyIds(remote))
            expect(textOf(devices, local), `${local.device} knows ${remote.device}`).toContain(id);
        }
      }
    }),
    { numRuns: 200 },
  );
});

/** The same sites with strongSwan at every end. */
const swanctlSite = arbitrarySite.map(
  (site): Site => ({
    ...site,
    gateways: site.gateways.map((box) => ({ ...box, dialect: 'swanctl' as const })),
    onprem: {
      ...site.onprem,
      routers: site.onprem.routers.map((box) => ({ ...box, dialect: 'swanctl' as const, wan: 'eth0', lan: 'eth1' })),
    },
  }),
);

test('two strongSwan ends mirror each other, setting by setting', () => {
  fc.assert(
    fc.property(swanctlSite, (site) => {
      const { tunnels, devices } = render(site);
      for (const { name, cloud, onprem } of tunnels) {
        const [mine, theirs] = [settings(textOf(devices, cloud), name), settings(textOf(devices, onprem), name)];
        expect(mine.get('id')).toEqual([...theirs.get('id')!].reverse());
        for (const key of ['version', 'proposals', 'esp_proposals', 'encap', 'mobike', 'auth'])
          expect(mine.get(key), key).toEqual(theirs.get(key));
        expect(mine.get('local_ts')).toEqual(theirs.get('remote_ts'));
        expect(mine.get('remote_ts')).toEqual(theirs.get('local_ts'));
        expect(mine.get('start_action')).not.toEqual(theirs.get('start_action'));
      }
    }),
    { numRuns: 200 },
  );
});

test('FRR files of any valid site are read by vtysh', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hybridctl-frr-'));
  try {
    let read = 0;
    for (const site of fc.sample(arbitrarySite, 60)) {
      for (const { files } of render(site).devices) {
        const frr = files.find(({ path }) => path === 'etc/frr/frr.conf');
        if (frr === undefined || read >= 20) continue;
        writeFileSync(join(folder, 'frr.conf'), frr.content);
        execFileSync('vtysh', ['-C', '-f', join(folder, 'frr.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
        read += 1;
      }
    }
    expect(read).toBeGreaterThan(5);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
