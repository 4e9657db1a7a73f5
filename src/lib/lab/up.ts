import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { failure, HybridError, missing } from '../core/errors.ts';
import type { Ports } from '../core/ports.ts';
import { shellWord } from '../domain/shell.ts';
import { loadBgpPasswords, type LoadedSite } from '../site/file.ts';
import { adaptSite, carries } from './adapt.ts';
import { lastWords, startCharon } from './charon.ts';
import { remainsOf, isNothing, tearDown } from './down.ts';
import { bgpStates, startFrr } from './frr.ts';
import { bootGuest, guestShell, lackingForGuest, requireGuest } from './guest/boot.ts';
import { inGuest, labPorts } from './guest/shell.ts';
import { buildNetwork } from './net.ts';
import { boxFiles, tryKernel } from './prepare.ts';
import { daemon, inside, ownMachine } from './run.ts';
import {
  checkedName,
  freeSlot,
  isAlive,
  openLab,
  paths,
  processId,
  readRecord,
  writeRecord,
  type KernelRecord,
  type Lab,
  type LabKernel,
  type LabRecord,
  type ProcessId,
} from './state.ts';
import { topologyOf, type Topology } from './topology.ts';
import { requireTools } from './tools.ts';
import { tunnelsDown } from './tunnels.ts';
import { until } from './wait.ts';

/** Retransmissions of a lost first packet and a busy machine fit in; a lab that takes longer is broken. */
const DEADLINE_MS = { host: 40_000, uml: 180_000 } as const;

export interface UpOptions {
  readonly lab: string;
  readonly loaded: LoadedSite;
  /** Folder that `vpn render` wrote, absolute; undefined: render now. */
  readonly rendered: string | undefined;
  /**
   * Which kernel the gateways and routers run on. undefined: this machine's, with userspace ESP where it has no other.
   * `auto`: this machine's where it has what the site asks for, else a guest where one can be had.
   */
  readonly kernel?: LabKernel | 'auto' | undefined;
}

export interface Started extends Lab {
  /** false: it was up already. */
  readonly fresh: boolean;
  readonly tookMs: number;
}

/** Builds and starts a lab, or finds the same one running. Whatever goes wrong, nothing is left behind. */
export const bringUp = async (ports: Ports, options: UpOptions): Promise<Started> => {
  const begun = performance.now();
  const lab = checkedName(options.lab);
  await requireTools(ports);
  const digest = createHash('sha256').update(options.loaded.text).digest('hex');
  const there = await readRecord(ports.files, lab);
  if (there !== undefined && (there.phase === 'ready' ? await stands(ports, there) : await isAlive(there.builder)))
    return { ...(await same(ports, there, digest)), fresh: false, tookMs: 0 };
  if (!isNothing(await remainsOf(ports, lab))) {
    ports.progress(`taking away what is left of an unfinished lab ${lab}`);
    await tearDown(ports, lab);
  }
  try {
    return { ...(await build(ports, options, digest)), fresh: true, tookMs: Math.round(performance.now() - begun) };
  } catch (error) {
    ports.progress('taking the unfinished lab away');
    await tearDown(ports, lab);
    throw error;
  }
};

/** The record alone is no proof: somebody may have removed the namespaces. Boxes of a guest kernel have none. */
const stands = async (ports: Ports, { name, site, slot }: LabRecord): Promise<boolean> => {
  const { namespaces } = await remainsOf(ports, name);
  return topologyOf(site, name, slot).nodes.every(
    ({ netns, role }) => role === 'gateway' || role === 'router' || namespaces.includes(netns),
  );
};

const same = async (ports: Ports, there: LabRecord, digest: string): Promise<Lab> => {
  if (there.siteDigest !== digest) {
    throw failure(`the lab ${there.name} is up with another site (${there.sitePath})`, {
      next: `run "hybridctl lab down --name ${there.name}" first, or give this one another --name`,
    });
  }
  return openLab(ports.files, there.name);
};

const build = async (outside: Ports, options: UpOptions, siteDigest: string): Promise<Lab> => {
  const { lab, loaded, rendered } = options;
  const { files, progress, signal } = outside;
  const check = (): void => {
    if (signal.aborted) throw new HybridError(130, 'interrupted');
  };
  const slot = await freeSlot(files);
  await mkdir(paths(lab).dir, { recursive: true, mode: 0o700 });
  const builder = (await processId(process.pid))!;
  const first: LabRecord = {
    version: 1,
    name: lab,
    slot,
    sitePath: loaded.path,
    site: loaded.site,
    siteDigest,
    notes: [],
    esp: {},
    phase: 'building',
    builder,
  };
  await writeRecord(files, first);
  const { kernel, guest } = await chooseKernel(outside, options, slot);
  const adapted = adaptSite(loaded.site, kernel, kernel.where);
  adapted.notes.forEach((note) => progress(note));
  const record: LabRecord = {
    ...first,
    site: adapted.site,
    notes: adapted.notes,
    esp: adapted.esp,
    kernel,
    ...(guest === undefined ? {} : { guest }),
  };
  const ports = labPorts(outside, record);
  const topology = topologyOf(record.site, lab, slot);
  // 0755, since FRR's user walks through a node's folder when it stands for /run; the lab's own folder keeps others
  // out.
  for (const node of topology.nodes) await mkdir(paths(lab).node(node.name), { recursive: true, mode: 0o755 });
  await files.write([
    {
      path: join(paths(lab).bin, 'hybridctl'),
      content: `#!/bin/sh\nexec ${shellWord(process.execPath)} ${shellWord(process.argv[1]!)} "$@"\n`,
      mode: 0o755,
    },
  ]);
  await files.write(await boxFiles(ports, lab, loaded, adapted, rendered));
  await writeRecord(files, record);
  check();
  progress(`network: ${topology.nodes.length} namespaces, ${topology.links.length} links`);
  await buildNetwork(ports.shell, topology, (node) => inGuest(record, node));
  check();
  progress('daemons: strongSwan and FRR');
  await startDaemons(ports, record, topology, loaded);
  check();
  const serving = await startServe(ports, lab);
  await waitForTraffic(ports, topology, DEADLINE_MS[kernel.where]);
  const ready: LabRecord = { ...serving, phase: 'ready' };
  await writeRecord(files, ready);
  return { record: ready, topology };
};

/** @returns the kernel of the boxes, after a guest has booted where it is one. */
const chooseKernel = async (
  ports: Ports,
  { lab, loaded, kernel: wanted }: UpOptions,
  slot: number,
): Promise<{ readonly kernel: KernelRecord; readonly guest?: ProcessId }> => {
  const { shell, progress } = ports;
  if (wanted !== 'uml') {
    const own = await tryKernel(shell, lab);
    const kernel: KernelRecord = { where: 'host', release: release(), ...own };
    const fits = carries(loaded.site, own);
    if (wanted === 'host' && !fits)
      throw missing(`this machine's kernel (${kernel.release}) lacks ESP or the site's kind of tunnel interface`, {
        field: '--kernel',
        next: 'give --kernel uml, or omit the flag: the lab then carries ESP outside the kernel',
      });
    if (wanted !== 'auto' || fits) return { kernel };
    const lacking = await lackingForGuest(shell);
    if (lacking.length > 0) {
      progress(`no user-mode kernel either (not installed: ${lacking.join(', ')}): userspace ESP`);
      return { kernel };
    }
  }
  await requireGuest(shell);
  progress('kernel: a user-mode Linux for gateways and routers');
  const { guest, release: version } = await bootGuest(ports, topologyOf(loaded.site, lab, slot));
  return {
    guest,
    kernel: { where: 'uml', release: version, ...(await tryKernel(guestShell(shell, lab), lab)) },
  };
};

const startDaemons = async (ports: Ports, record: LabRecord, topology: Topology, loaded: LoadedSite): Promise<void> => {
  const passwords = await loadBgpPasswords(ports, loaded);
  const frr = topology.nodes
    .filter(({ runs }) => runs.includes('frr'))
    // In a guest a look is a process, and a process costs a tenth of a second of its one core.
    .map((node) => startFrr(ports, topology, node, passwords, inGuest(record, node.name) ? 1_000 : 50));
  // Routers wait for the gateways' first packet, so they are up before; else it is lost and asked again 2 s later.
  const charons = (role: string) =>
    Promise.all(
      topology.nodes
        .filter((node) => node.role === role && node.runs.includes('charon'))
        .map((node) => startCharon(ports, { record, node })),
    );
  const results = await Promise.allSettled([...frr, charons('router').then(() => charons('gateway'))]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};

const startServe = async ({ files, signal, progress }: Ports, lab: string): Promise<LabRecord> => {
  progress('cloud: EC2 endpoint, route tables');
  const log = await open(paths(lab).serveLog, 'a', 0o600);
  try {
    const [file, ...args] = ownMachine([process.execPath, process.argv[1]!, 'lab', 'serve', '--name', lab]);
    daemon(file!, args, { lab, stdio: ['ignore', log.fd, log.fd] });
  } finally {
    await log.close();
  }
  let record: LabRecord | undefined;
  const serving = async (): Promise<boolean> => (record = await readRecord(files, lab))?.endpoint !== undefined;
  const more = async (): Promise<readonly string[]> =>
    ((await files.read(paths(lab).serveLog)) ?? '').trim().split('\n').slice(-4);
  await until(serving, { what: "the cloud's endpoint did not come up", withinMs: 10_000, signal, more });
  return record!;
};

/** Tunnels over VICI, BGP over vtysh, then a packet of each app host to the on-prem host and back. */
const waitForTraffic = async (ports: Ports, topology: Topology, withinMs: number): Promise<void> => {
  const { shell, signal, progress } = ports;
  const { lab, site } = topology;
  let down: readonly string[] = [];
  const logs = async (): Promise<readonly string[]> => {
    const boxes = site.tunnels
      .filter(({ name }) => down.includes(name))
      .flatMap(({ gateway, router }) => [gateway, router]);
    return (await Promise.all([...new Set(boxes)].map((name) => lastWords(lab, name)))).flat();
  };
  const established = async (): Promise<boolean> => {
    down = await tunnelsDown(ports, topology);
    // Both ends have all their files by now: a refusal will not change its mind by the deadline.
    const refused = (await logs()).filter((line) => /received \S+ (notify error|error notify)/.test(line));
    if (refused.length > 0)
      throw failure(`not every tunnel was established: ${down.join(', ')} was refused`, { more: await logs() });
    return down.length === 0;
  };
  await until(established, { what: 'not every tunnel was established', withinMs, signal, more: logs });
  progress(`tunnels established: ${site.tunnels.map(({ name }) => name).join(', ')}`);
  const bgp = async (): Promise<boolean> =>
    (await bgpStates(shell, topology)).every(({ state, prefixes }) => state === 'Established' && prefixes > 0);
  await until(bgp, {
    what: 'BGP did not come up on every Direct Connect link',
    withinMs,
    everyMs: 100,
    signal,
  });
  if (topology.dx.length > 0) progress(`BGP established: ${topology.dx.map(({ link }) => link.name).join(', ')}`);
  for (const node of topology.nodes.filter(({ role }) => role === 'app')) {
    const ping = async (): Promise<boolean> =>
      (await shell.run('ip', inside(node.netns, ['ping', '-n', '-c', '1', '-W', '1', topology.hostAddresses[0]!])))
        .exitCode === 0;
    await until(ping, {
      what: `no packet went from ${node.name} to the on-prem host and back`,
      withinMs,
      signal,
    });
  }
  progress('packets go from every app host to the on-prem host and back');
};
