import { usageError } from '../core/errors.ts';
import { isLinux } from '../domain/tunnel.ts';
import type { InterfaceKind, Site } from '../domain/site.ts';
import type { Shell } from '../core/ports.ts';
import type { EspKind, Kernel, LabKernel } from './state.ts';

/** Tries an ESP state, both kinds of tunnel interface and netem in a namespace of the lab, and takes them away again. */
export const probeKernel = async (shell: Shell, netns: string): Promise<Kernel> => {
  const ip = async (...args: string[]): Promise<boolean> =>
    (await shell.run('ip', ['-n', netns, ...args])).exitCode === 0;
  const state = ['src', '192.0.2.1', 'dst', '192.0.2.2', 'proto', 'esp', 'spi', '0x100'];
  const esp = await ip(
    'xfrm',
    'state',
    'add',
    ...state,
    'mode',
    'tunnel',
    'aead',
    'rfc4106(gcm(aes))',
    `0x${'0'.repeat(40)}`,
    '128',
  );
  if (esp) await ip('xfrm', 'state', 'delete', ...state);
  const xfrm = await ip('link', 'add', 'hybprobe', 'type', 'xfrm', 'dev', 'lo', 'if_id', '1');
  if (xfrm) await ip('link', 'delete', 'hybprobe');
  const vti = await ip(
    'link',
    'add',
    'hybprobe',
    'type',
    'vti',
    'local',
    '192.0.2.1',
    'remote',
    '192.0.2.2',
    'key',
    '1',
  );
  if (vti) await ip('link', 'delete', 'hybprobe');
  const tc = await shell.run('ip', [
    'netns',
    'exec',
    netns,
    'tc',
    'qdisc',
    'add',
    'dev',
    'lo',
    'root',
    'netem',
    'delay',
    '1ms',
  ]);
  return { esp, xfrm, vti, netem: tc.exitCode === 0 };
};

export interface Adapted {
  readonly site: Site;
  /** What was changed and why, one sentence each. Empty: the site runs as it is written. */
  readonly notes: readonly string[];
  readonly esp: Readonly<Record<string, EspKind>>;
}

const runs = (kind: InterfaceKind, kernel: Kernel): boolean =>
  kind === 'tun' || kind === 'policy' || (kernel.esp && (kind === 'xfrm' ? kernel.xfrm : kernel.vti));

/** Whether a kernel has ESP and the tunnel interface of every gateway and router of the site. */
export const carries = ({ gateways, onprem }: Site, kernel: Kernel): boolean =>
  kernel.esp && [...gateways, ...onprem.routers].every((box) => box.interface === 'tun' || runs(box.interface, kernel));

const DEVICE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/;

/**
 * The site as this machine can run it. A box that is no Linux stands as strongSwan, and an interface that the kernel
 * lacks becomes `tun`, with userspace ESP; in a guest kernel, which is there to carry ESP, it becomes `vti`. Everything
 * else stays as written. Pure.
 *
 * @throws a usage error when userspace ESP would have to carry two tunnels on one box: it has one `ipsec0` and no way
 * to
 *   tell two sets of 0.0.0.0/0 selectors apart.
 */
export const adaptSite = (site: Site, kernel: Kernel, where: LabKernel = 'host'): Adapted => {
  const notes: string[] = [];
  const esp: Record<string, EspKind> = {};
  const box = <B extends { name: string; dialect: string; interface: InterfaceKind }>(given: B): B => {
    let changed = given;
    if (given.dialect !== 'swanctl') {
      const why = isLinux(given.dialect as never)
        ? 'the lab loads its daemons over VICI'
        : 'that box does not run here';
      notes.push(`${given.name}: ${given.dialect} stands as swanctl, since ${why}`);
      changed = { ...changed, dialect: 'swanctl' };
    }
    const policyOnly = site.tunnels.every(
      ({ gateway, router, mode }) => (gateway !== given.name && router !== given.name) || mode === 'policy',
    );
    const kind = policyOnly ? 'policy' : changed.interface;
    if (where === 'uml' && kernel.vti && (kind === 'tun' || (kind === 'xfrm' && !kernel.xfrm))) {
      const why = kind === 'tun' ? 'the kernel is to carry ESP' : 'this kernel has no XFRM interfaces';
      notes.push(`${given.name}: interface ${kind} becomes vti, since ${why}`);
      changed = { ...changed, interface: 'vti' };
    } else if (!runs(kind, kernel)) {
      notes.push(
        `${given.name}: interface ${kind} becomes tun with userspace ESP, since this kernel has no ${kernel.esp ? kind : 'ESP'}`,
      );
      changed = { ...changed, interface: 'tun' };
    }
    esp[given.name] = kernel.esp && changed.interface !== 'tun' ? 'kernel' : 'userspace';
    const mine = site.tunnels.filter(({ gateway, router }) => gateway === given.name || router === given.name);
    if (esp[given.name] === 'userspace' && mine.length > 1) {
      throw usageError(`${given.name} ends ${mine.length} tunnels, and userspace ESP carries one a box`, {
        field: 'tunnels',
        next: 'give each tunnel a gateway and a router of its own, or run the lab on a kernel with ESP and XFRM interfaces',
      });
    }
    return changed;
  };
  const device = (name: string, fallback: string, where: string): string => {
    if (DEVICE_NAME.test(name)) return name;
    notes.push(`${where}: interface ${name} is called ${fallback}, since Linux takes 15 characters and no "/"`);
    return fallback;
  };
  const gateways = site.gateways
    .map(box)
    .map((gateway) => ({ ...gateway, wan: device(gateway.wan, 'eth0', gateway.name) }));
  const routers = site.onprem.routers.map(box).map((router) => ({
    ...router,
    wan: device(router.wan, 'wan', router.name),
    lan: device(router.lan, 'lan', router.name),
  }));
  return { site: { ...site, gateways, onprem: { ...site.onprem, routers } }, notes, esp };
};
