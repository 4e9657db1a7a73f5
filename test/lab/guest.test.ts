import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { siteSchema } from '../../src/lib/domain/site.ts';
import { adaptSite, carries } from '../../src/lib/lab/adapt.ts';
import { cablesOf } from '../../src/lib/lab/guest/boot.ts';
import { decoder, encode, runContent, type Frame } from '../../src/lib/lab/guest/frames.ts';
import { bootLine, lastCore } from '../../src/lib/lab/guest/keeper.ts';
import { labShell } from '../../src/lib/lab/guest/shell.ts';
import type { LabRecord } from '../../src/lib/lab/state.ts';
import { topologyOf } from '../../src/lib/lab/topology.ts';
import { fixture } from '../helpers/cloud.ts';

const site = siteSchema.parse(parse(fixture('lab')));
const topology = topologyOf(site, 'tst', 3);
const OLD_KERNEL = { esp: false, xfrm: false, vti: false, netem: false };

describe('the guest kernel', () => {
  it('has the kernel of a guest carry ESP by VTI, and says what it changed', () => {
    const uml = { esp: true, xfrm: false, vti: true, netem: true };
    const xfrm = { ...site, gateways: site.gateways.map((box) => ({ ...box, interface: 'xfrm' as const })) };
    const { site: adapted, notes, esp } = adaptSite(xfrm, uml, 'uml');
    expect([...adapted.gateways, ...adapted.onprem.routers].map((box) => box.interface)).toEqual(
      Array.from({ length: 4 }, () => 'vti'),
    );
    expect(notes).toEqual([
      'gw-1: interface xfrm becomes vti, since this kernel has no XFRM interfaces',
      'gw-2: interface xfrm becomes vti, since this kernel has no XFRM interfaces',
      'rtr-1: interface tun becomes vti, since the kernel is to carry ESP',
      'rtr-2: interface tun becomes vti, since the kernel is to carry ESP',
    ]);
    expect(new Set(Object.values(esp))).toEqual(new Set(['kernel']));
  });

  it('knows whether a kernel carries a site as it is written', () => {
    const of = (kind: 'tun' | 'vti' | 'xfrm') => ({
      ...site,
      gateways: site.gateways.map((box) => ({ ...box, interface: kind })),
    });
    const uml = { esp: true, xfrm: false, vti: true, netem: true };
    expect([carries(of('vti'), uml), carries(of('xfrm'), uml), carries(of('vti'), OLD_KERNEL)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('has a cable for each link of a gateway and a router, and no other', () => {
    const cables = cablesOf(topology);
    expect(cables.map(({ tap, outside, inside }) => `${tap} ${outside.node}-${inside.node}`)).toEqual([
      'tap0 vpc-gw-1',
      'tap1 vpc-gw-2',
      'tap2 inet-rtr-1',
      'tap3 vgw-rtr-1',
      'tap4 lan-rtr-1',
      'tap5 inet-rtr-2',
      'tap6 lan-rtr-2',
    ]);
    const line = bootLine('tst', '1', ['tap0', 'tap1']).join(' ');
    expect(line).toContain('vec1:transport=tap,ifname=tap1');
    // Everything in it ends with its first process, and that with the keeper.
    expect(line).toContain('setpriv --pdeathsig=KILL ip netns exec tst-guest unshare --pid --fork --kill-child');
  });

  it('runs on the last core that is allowed', () => {
    expect(lastCore('Name:\tnode\nCpus_allowed_list:\t0-1\nMems:\t0\n')).toBe('1');
    expect(lastCore('Cpus_allowed_list:\t3\n')).toBe('3');
    expect(lastCore('')).toBe('0');
  });

  it('reads its frames whole, in whatever pieces they come', () => {
    const bytes = Buffer.concat([encode('O', 7, 'one'), encode('Z', 7, '0'), encode('E', 8)]);
    for (const size of [1, 4, 9, 1_000]) {
      const got: Frame[] = [];
      const read = decoder((frame) => got.push(frame));
      for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
      expect(got.map(({ kind, number, content }) => [kind, number, content.toString()])).toEqual([
        ['O', 7, 'one'],
        ['Z', 7, '0'],
        ['E', 8, ''],
      ]);
    }
    expect(runContent('/tmp', ['ip', 'link'], { A: '1', B: undefined })).toBe(
      ['/tmp', '2', 'ip', 'link', 'A=1'].join('\0'),
    );
  });

  it('keeps the shell of a lab without a guest, and runs what is of other nodes out here', async () => {
    const calls: string[] = [];
    const own = {
      run: async (file: string, args: readonly string[]) => {
        calls.push([file, ...args].join(' '));
        return { exitCode: 0, stdout: '', stderr: '' };
      },
      which: async () => undefined,
    };
    const record = { name: 'tst', site } as unknown as LabRecord;
    expect(labShell(own, record)).toBe(own);
    const shell = labShell(own, { ...record, guest: { pid: 1, start: '1' } });
    await shell.run('ip', ['-n', 'tst-vpc', 'route']);
    await shell.run('ip', ['netns', 'exec', 'other-gw-1', 'true']);
    await shell.run('vtysh', ['-c', 'show']);
    expect(calls).toEqual(['ip -n tst-vpc route', 'ip netns exec other-gw-1 true', 'vtysh -c show']);
    // There is no guest here to run it in.
    await expect(shell.run('ip', ['-n', 'tst-gw-1', 'route'])).rejects.toThrow(
      'the guest kernel of the lab tst is gone',
    );
  });
});
