import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { files as disk } from '../../../../src/lib/adapters/files.ts';
import type { LinuxDialect, Site } from '../../../../src/lib/domain/site.ts';
import type { Tunnel } from '../../../../src/lib/domain/tunnel.ts';
import { renderLinux } from '../../../../src/lib/render/linux/index.ts';
import type { RenderedFile } from '../../../../src/lib/render/types.ts';
import { arbitrarySite } from '../../../helpers/arbitrary-site.ts';
import { until } from '../../../helpers/charon-pair.ts';
import { makeSpace, startCharon, type Charon, type Space } from '../../../helpers/charon.ts';
import { checkAlgorithms, checkConfig } from '../../../helpers/libreswan.ts';
import { deviceOf, fileOf, siteOf } from './rendered.ts';

/** The site with every gateway in one Linux dialect, and the interface kind that dialect can do. */
const inDialect = (site: Site, dialect: LinuxDialect): Site => {
  const policy = dialect === 'openswan' || site.tunnels.some(({ mode }) => mode === 'policy');
  const kind = (gateway: Site['gateways'][number]): Site['gateways'][number]['interface'] => {
    if (policy) return 'policy';
    if (dialect === 'ipsec-conf') return 'vti';
    const single = site.tunnels.filter((tunnel) => tunnel.gateway === gateway.name).length === 1;
    return gateway.interface === 'tun' && !(single && dialect === 'swanctl') ? 'xfrm' : gateway.interface;
  };
  return {
    ...site,
    crypto: dialect === 'openswan' ? 'legacy' : site.crypto,
    gateways: site.gateways.map((gateway) => ({ ...gateway, dialect, interface: kind(gateway) })),
    tunnels: site.tunnels.map((tunnel) => ({ ...tunnel, mode: policy ? 'policy' : 'route' })),
  };
};

/** Anything printable that can be quoted everywhere. */
const key = fc
  .string({
    unit: fc.constantFrom(
      ...Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).filter(
        (letter) => !`"'\\`.includes(letter),
      ),
    ),
    minLength: 8,
    maxLength: 64,
  })
  .filter((text) => !/^0[xs]/i.test(text));

interface Box {
  readonly tunnels: readonly Tunnel[];
  readonly files: readonly RenderedFile[];
}
const boxIn = (site: Site, dialect: LinuxDialect, psk: string): Box => {
  const wanted = inDialect(site, dialect);
  const { gateway } = wanted.tunnels[0]!;
  const device = deviceOf(wanted, gateway, new Map(wanted.tunnels.map(({ name }) => [name, psk])));
  return { tunnels: device.tunnels, files: renderLinux(device) };
};
const arbitraryBox = (dialect: LinuxDialect): fc.Arbitrary<Box> =>
  fc.tuple(arbitrarySite, key).map(([site, psk]) => boxIn(site, dialect, psk));

/**
 * What charon lists (`--list-conns --raw`) for a connection that it understood as the tunnel means it: one entry for
 * each CHILD_SA.
 */
const listing = ({ name, suite, cloud, onprem }: Tunnel): readonly string[] => {
  const pairs = cloud.selectors.flatMap((mine) =>
    onprem.selectors.map((theirs) => `local-ts=[${mine.text}] remote-ts=[${theirs.text}]`),
  );
  return pairs.map((pair, index) =>
    [
      `${name}:${index === 0 ? name : `${name}_${index + 1}`}`,
      `${cloud.address}[${cloud.publicAddress}] ${onprem.publicAddress}[${onprem.id}] IKEv${suite.ikeVersion}`,
      `dpd ${suite.dpd.delay}${suite.ikeVersion === 1 ? `/${suite.dpd.timeout}` : ''} start start`,
      pair,
    ].join(' '),
  );
};
const field = (text: string, name: string): string =>
  new RegExp(`\\b${name}=(\\[[^\\]]*\\]|\\S+?)(?=[ }])`).exec(text)?.[1]?.replace(/^\[|\]$/g, '') ?? '';
const listed = (raw: string): readonly string[] =>
  raw.split('\n').flatMap((line) => {
    const [, name, ike = '', local = '', remote = '', children = ''] =
      /^list-conn event \{(\S+) \{(.*?)local-1 \{(.*?)\} remote-1 \{(.*?)\} children \{(.*)\}\}\}$/.exec(line) ?? [];
    if (name === undefined) return [];
    return [...children.matchAll(/(\S+) \{(mode=TUNNEL .*?)\}/g)].map(([, child, body = '']) => {
      const timeout = field(ike, 'dpd_timeout');
      return [
        `${name}:${child}`,
        `${field(ike, 'local_addrs')}[${field(local, 'id')}] ${field(ike, 'remote_addrs')}[${field(remote, 'id')}] ${field(ike, 'version')}`,
        `dpd ${field(ike, 'dpd_delay')}${timeout === '' ? '' : `/${timeout}`} ${field(body, 'dpd_action')} ${field(body, 'close_action')}`,
        `local-ts=[${field(body, 'local-ts')}] remote-ts=[${field(`${body}}`, 'remote-ts')}]`,
      ].join(' ');
    });
  });

describe('swanctl files, loaded into a real charon', () => {
  let space: Space;
  let charon: Charon;
  beforeAll(async () => {
    space = await makeSpace(`hyr-${randomBytes(3).toString('hex')}`);
    charon = await startCharon(space, []);
  });
  afterAll(async () => {
    await charon?.stop();
    await space?.remove();
  });

  /** As the packaged swanctl.conf does: every file of conf.d. */
  const load = async (box: readonly RenderedFile[]): Promise<string> => {
    const folder = join(charon.root, 'etc/swanctl');
    await rm(folder, { recursive: true, force: true });
    await disk.write([
      ...box
        .filter(({ path }) => path.startsWith('etc/swanctl'))
        .map(({ path, content, mode }) => ({ path: join(charon.root, path), content, mode })),
      { path: join(folder, 'swanctl.conf'), mode: 0o600, content: 'include conf.d/*.conf\n' },
    ]);
    return charon.swanctl('--load-all', '--clear', '--file', join(folder, 'swanctl.conf'));
  };

  it('any valid box', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryBox('swanctl'), async ({ tunnels, files }) => {
        const said = await load(files);
        for (const { name } of tunnels) expect(said).toContain(`loaded ike secret 'ike-${name}'`);
        expect([...listed(await charon.swanctl('--list-conns', '--raw'))].sort()).toEqual(
          tunnels.flatMap(listing).sort(),
        );
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it('a proposal charon does not know is an error, so the check above is one', async () => {
    const { files } = boxIn(siteOf('lab'), 'swanctl', 'Key.of.vpn1');
    const spoilt = files.map((file) => ({
      ...file,
      content: file.content.replace('aes256gcm16-ecp384', 'aes256gcm16-ecp385'),
    }));
    await expect(load(spoilt)).rejects.toThrow(/invalid value for: esp_proposals/);
  });
});

describe('ipsec.conf and ipsec.secrets, read by strongSwan’s starter', () => {
  let space: Space;
  beforeAll(async () => void (space = await makeSpace(`hyr-${randomBytes(3).toString('hex')}`)));
  afterAll(async () => space?.remove());

  /** Starter's complaints, as it spells them: `# unknown keyword`, `# bad integer value`, `### 1 parsing error`. */
  const COMPLAINT = /^\s*(#|bad ).*(unknown|bad|ignored|error)/m;
  const read = async (box: Box): Promise<{ readonly log: string; readonly conns: readonly string[] }> => {
    const charon = await startCharon(space, box.files);
    try {
      const wanted = box.tunnels.flatMap(listing).length;
      const conns = async () => listed(await charon.swanctl('--list-conns', '--raw'));
      await until(
        'starter has added the connections',
        async () => COMPLAINT.test(charon.log()) || (await conns()).length >= wanted,
      );
      return { log: charon.log(), conns: await conns() };
    } finally {
      await charon.stop();
    }
  };

  it('any valid box', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryBox('ipsec-conf'), async (box) => {
        const { log, conns } = await read(box);
        expect(log).not.toMatch(COMPLAINT);
        for (const { cloud, onprem } of box.tunnels)
          expect(log).toContain(`loaded IKE secret for ${cloud.id} ${onprem.id}`);
        // Starter fills in its default timeout with IKEv2 too, where it does nothing.
        const plain = conns.map((line) => line.replace(/(IKEv2 dpd \d+)\/150 /, '$1 '));
        expect(plain.sort()).toEqual(box.tunnels.flatMap(listing).sort());
      }),
      { numRuns: 6 },
    );
  }, 60_000);

  it('a keyword starter does not know is seen, so the check above is one', async () => {
    const { files, tunnels } = boxIn(siteOf('seed-bjs'), 'ipsec-conf', 'cisco');
    const spoilt = files.map((file) => ({ ...file, content: file.content.replace('    mark=', '    marker=') }));
    expect((await read({ files: spoilt, tunnels })).log).toMatch(COMPLAINT);
  });
});

describe('Libreswan and Openswan files, read by Libreswan’s addconn', () => {
  /** Libreswan has forgotten two words of Openswan's `config setup`; without them it reads all the rest. */
  const OPENSWAN_ONLY = /^ +(nat_traversal|oe)=.*\n/gm;
  const readable = (files: readonly RenderedFile[]): readonly RenderedFile[] =>
    files.map((file) => ({ ...file, content: file.content.replace(OPENSWAN_ONLY, '') }));

  it.each(['libreswan', 'openswan'] as const)(
    'any valid %s box',
    async (dialect) => {
      await fc.assert(
        fc.asyncProperty(arbitraryBox(dialect), async ({ tunnels, files }) => {
          const { ok, said } = await checkConfig(dialect === 'openswan' ? readable(files) : files);
          expect({ ok, said }).toEqual({ ok: true, said: expect.any(String) });
          // The include line is active: every connection was found through it.
          for (const { name } of tunnels) expect(said).toContain(`Loading conn ${name}\n`);
          for (const { name, suite } of tunnels) {
            const [ike, esp] = await checkAlgorithms(fileOf(files, `etc/ipsec.d/${name}.conf`));
            // Debian's build is without DH group 2, as the note in the file says.
            const group2 = "DH algorithm 'modp1024' is not supported";
            expect(suite.level === 'legacy' ? ike?.said.includes(group2) : ike).toEqual(
              suite.level === 'legacy' ? true : { ok: true, said: expect.any(String) },
            );
            expect(esp?.ok === true || esp?.said.includes(group2)).toBe(true);
          }
        }),
        { numRuns: 25 },
      );
    },
    60_000,
  );

  it('what Libreswan rejects is seen, so the check above is one', async () => {
    const { files } = boxIn(siteOf('lab'), 'libreswan', 'Key.of.vpn1');
    const spoilt = (from: string, to: string) =>
      files.map((file) => ({ ...file, content: file.content.replace(from, to) }));
    expect(await checkConfig(spoilt('    pfs=yes', '    auth=esp'))).toMatchObject({ ok: false });
    // The trap of the shipped file: all is accepted, and nothing is loaded.
    expect((await checkConfig(spoilt('\ninclude', '\n#include'))).said).not.toContain('Loading conn');
    const [, esp] = await checkAlgorithms(
      fileOf(spoilt('null;dh20', 'null;dh20,aes_gcm128-null;dh19'), 'etc/ipsec.d/vpn1.conf'),
    );
    expect(esp).toMatchObject({ ok: false, said: expect.stringContaining('more than one IKEv2 ESP DH algorithm') });
  });
});
