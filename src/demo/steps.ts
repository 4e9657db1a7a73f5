import { failure } from '../lib/core/errors.ts';
import type { Files, Shell } from '../lib/core/ports.ts';
import { drawSite } from '../lib/lab/draw.ts';
import { openLab, paths } from '../lib/lab/state.ts';
import { measureGap } from '../lib/lab/stream.ts';
import type { Topology } from '../lib/lab/topology.ts';
import type { Automatic } from './automatic.ts';

export const LAB = 'demo';
/** Long enough that a stall of the machine, not only of the network, would show. */
const STREAM_MS = 1_500;

/** What the account tells and `--json` prints. Times in ms. */
export interface DemoResult {
  topology: string;
  readonly tunnels: { name: string; gateway: string; state: string; esp: string; ike: string; proposal: string }[];
  readonly paths: { link: string; wayOut: string; sent: number; received: number; through: number }[];
  readonly moves: {
    what: 'failover' | 'failback';
    from: string;
    to: string;
    apiMs: number;
    sent: number;
    received: number;
    /** Of the round trip. */
    longestGapMs: number;
    precisionMs: number;
  }[];
  automatic?: Automatic;
  labUpMs: number;
  filesWritten: number;
  leftBehind: boolean;
}

export interface Tools {
  readonly shell: Shell;
  readonly files: Files;
  /** Runs our own command line as a user would, in the demo's folder. @returns the result of `--json`. */
  cli<T>(words: readonly string[]): Promise<T>;
}

interface Moved {
  readonly routes: readonly {
    name: string;
    status: string;
    apiMs: number | null;
    from: { link: string | null } | null;
    to: { link: string };
  }[];
}

/** The answers a wizard would ask for, as a runbook gives them. Addresses are documentation ranges (RFC 5737). */
const ANSWERS = [
  '--name',
  'demo',
  '--region',
  'cn-north-1',
  '--vpc-cidr',
  '172.16.0.0/16',
  '--vgw',
  'vgw-078bcc55',
  '--network',
  '10.10.0.0/16',
  '--gateway',
  'name=gw-1,az=cn-north-1a,private=172.16.1.157,public=203.0.113.11,instance=i-0e1466e8a5dd4892c,eni=eni-023fbd87a1b2c3d4e,interface=tun',
  '--gateway',
  'name=gw-2,az=cn-north-1b,private=172.16.2.126,public=203.0.113.12,instance=i-0430fe110cdec5835,eni=eni-02d75e6061b2c3d4e,interface=tun',
  '--router',
  'name=rtr-1,public=198.51.100.77,dialect=swanctl,interface=tun,wan=wan,lan=lan,lan_ip=10.10.0.2,asn=65010',
  '--router',
  'name=rtr-2,public=198.51.100.140,private=10.10.2.100,dialect=swanctl,interface=tun,wan=wan,lan=lan,lan_ip=10.10.0.3,asn=65010',
  '--dx',
  'name=dx-1,router=rtr-1,inside=169.254.10.0/30,cloud_asn=64512',
  '--table',
  'id=rtb-0468f52220000000a,name=private-1,az=cn-north-1a,subnet=172.16.11.0/24',
  '--table',
  'id=rtb-04b8f522f0000000b,name=private-2,az=cn-north-1b,subnet=172.16.12.0/24',
]; // prettier-ignore

export const init = async ({ cli }: Tools, result: DemoResult): Promise<void> => {
  const { files } = await cli<{ files: readonly unknown[] }>(['vpn', 'init', ...ANSWERS]);
  result.filesWritten = files.length;
};

export const render = async ({ cli }: Tools): Promise<void> => {
  const { files } = await cli<{ files: readonly { state: string; path: string }[] }>(['vpn', 'render']);
  const changed = files.find(({ state }) => state !== 'same');
  if (changed !== undefined) throw failure(`${changed.path} came out differently the second time`);
};

export const labUp = async ({ cli, files }: Tools, result: DemoResult): Promise<Topology> => {
  const { tookMs } = await cli<{ tookMs: number }>(['lab', 'up', '--name', LAB, '--rendered', 'rendered']);
  result.labUpMs = tookMs;
  const { topology } = await openLab(files, LAB);
  const address = (role: string) =>
    topology.nodes
      .filter((node) => node.role === role)
      .map(({ name, addresses }) => ({ name, address: addresses[0]!.address.split('/')[0]! }));
  result.topology = drawSite(topology.site, {
    apps: address('app'),
    host: address('host')[0]!,
    active: new Map(topology.site.route_tables.map(({ name, links }) => [name, links[0]!])),
  });
  return topology;
};

export const tunnels = async ({ cli }: Tools, { site }: Topology, result: DemoResult): Promise<void> => {
  for (const { name, gateway } of site.tunnels) {
    const { tunnels: found } = await cli<{
      tunnels: readonly { name: string; state: string; esp: string; ikeVersion: string; espProposal: string }[];
    }>(['vpn', 'status', '--uri', paths(LAB).vici(gateway)]);
    const tunnel = found.find((each) => each.name === name);
    if (tunnel?.state !== 'established') throw failure(`${name} is not established on ${gateway}`);
    result.tunnels.push({
      name,
      gateway,
      state: tunnel.state,
      esp: tunnel.esp,
      ike: tunnel.ikeVersion,
      proposal: tunnel.espProposal,
    });
  }
};

/** Moves the first route table over each of its links in turn and counts a stream of packets at the VPC's way out. */
export const everyPath = async (tools: Tools, topology: Topology, result: DemoResult): Promise<void> => {
  const { site } = topology;
  const table = site.route_tables[0]!;
  for (const link of table.links) {
    await route(tools, ['set', '--table', table.id, '--destination', site.onprem.networks[0]!, '--to', link]);
    const wayOut = wayOutOf(topology, link);
    const {
      sent,
      received,
      paths: counted,
    } = await measureGap(tools.shell, topology, { from: 'app-1', to: 'host', durationMs: STREAM_MS });
    const through = counted[wayOut] ?? 0;
    result.paths.push({ link, wayOut, sent, received, through });
    if (received < sent || through < sent)
      throw failure(`${link}: of ${sent} packets ${through} left by ${wayOut} and ${received} arrived`);
  }
  await route(tools, ['failback', '--table', table.id]);
};

/** The same job as an operator: away from Direct Connect and back, with a 1 ms stream running. */
export const moves = async (tools: Tools, topology: Topology, result: DemoResult): Promise<void> => {
  const table = topology.site.route_tables[0]!;
  for (const what of ['failover', 'failback'] as const) {
    let moved: Moved['routes'][number] | undefined;
    const stream = await measureGap(tools.shell, topology, {
      from: 'app-1',
      to: 'host',
      durationMs: 2 * STREAM_MS,
      during: async () => void (moved = (await route(tools, [what, '--table', table.id])).routes[0]),
    });
    const { sent, roundTrip, precisionMs } = stream;
    const { received, longestGapMs } = roundTrip;
    result.moves.push({
      what,
      from: moved?.from?.link ?? 'none',
      to: moved!.to.link,
      apiMs: moved!.apiMs ?? 0,
      sent,
      received,
      longestGapMs,
      precisionMs,
    });
  }
};

export const labDown = async ({ cli }: Tools): Promise<void> =>
  void (await cli(['lab', 'down', '--name', LAB, '--yes']));

export const leftBehind = async ({ shell, files }: Tools): Promise<boolean> => {
  const { stdout } = await shell.run('ip', ['netns', 'list']);
  return stdout.includes(`${LAB}-`) || (await files.stat(paths(LAB).dir)) !== undefined;
};

/** The links are proven by the stream itself, and this machine stands outside of the lab: a probe of its own would say nothing. */
const route = ({ cli }: Tools, words: readonly string[]): Promise<Moved> =>
  cli<Moved>(['route', ...words, '--no-check', '--yes']);

const wayOutOf = ({ site }: Topology, name: string): string => {
  const link = site.links.find((each) => each.name === name)!;
  return link.kind === 'dx' ? 'vgw' : site.tunnels.find((tunnel) => tunnel.name === link.tunnel)!.gateway;
};
