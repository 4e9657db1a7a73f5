import { missing } from '../../core/errors.ts';
import type { Ports, Shell } from '../../core/ports.ts';
import { daemon, ipBatch, must } from '../run.ts';
import { paths, processId, type ProcessId } from '../state.ts';
import type { LabLink, LinkEnd, Topology } from '../topology.ts';
import { until } from '../wait.ts';
import { isBox, runInGuest } from './shell.ts';

/** 8 to 11 s were seen, on busy cores 22 to 44. */
const BOOT_MS = 120_000;

/**
 * A link between a box in the guest and a node out here. The guest opens its TAP device anew, by name and in the
 * namespace it was started in, whenever its card goes up; so the device stays there, and a bridge joins it to a veth.
 */
export interface Cable {
  readonly tap: string;
  readonly bridge: string;
  readonly veth: string;
  /** Its name in the guest before it moves. */
  readonly card: string;
  readonly outside: LinkEnd;
  readonly inside: LinkEnd;
}

/** The links that cross into the guest, in the order of its network cards. Every link of a box does. */
export const cablesOf = ({ site, links }: Topology): readonly Cable[] =>
  links
    .flatMap(({ cloud, onprem }: LabLink) => {
      if (isBox(site, cloud.node)) return [{ outside: onprem, inside: cloud }];
      return isBox(site, onprem.node) ? [{ outside: cloud, inside: onprem }] : [];
    })
    .map((ends, at) => ({ tap: `tap${at}`, bridge: `br${at}`, veth: `veth${at}`, card: `vec${at}`, ...ends }));

/** The namespace out here that the guest is a process of. */
export const guestNetns = (lab: string): string => `${lab}-guest`;

/** The guest's own shell, outside of every namespace of the lab. */
export const guestShell = (shell: Shell, lab: string): Shell => ({
  ...shell,
  run: (file, args, options) => runInGuest(lab, file, args, options),
});

const NEEDED: Readonly<Record<string, string>> = {
  'linux.uml': 'user-mode-linux',
  modprobe: 'kmod',
  'iptables-legacy-restore': 'iptables',
  perl: 'perl-base',
  setpriv: 'util-linux',
};

/** @returns packages that a guest needs and this machine has not. */
export const lackingForGuest = async (shell: Shell): Promise<readonly string[]> => {
  const found = await Promise.all(
    Object.entries(NEEDED).map(async ([tool, name]) => ((await shell.which(tool)) === undefined ? [name] : [])),
  );
  return found.flat();
};

/** @throws missing, naming every package that is not there. */
export const requireGuest = async (shell: Shell): Promise<void> => {
  const lacking = await lackingForGuest(shell);
  if (lacking.length > 0)
    throw missing(`a user-mode kernel needs packages that are not installed: ${lacking.join(', ')}`, {
      field: '--kernel',
      next: `apt-get install --no-install-recommends ${lacking.join(' ')}`,
    });
};

/**
 * Boots the lab's guest and waits until it runs what it is asked.
 *
 * @param topology of the lab as it will be, as far as links go.
 * @throws a failure with the kernel's last words.
 */
export const bootGuest = async (
  { shell, files, signal }: Ports,
  topology: Topology,
): Promise<{ readonly guest: ProcessId; readonly release: string }> => {
  const { lab } = topology;
  const netns = guestNetns(lab);
  await must(shell, 'ip', ['netns', 'add', netns]);
  for (const { tap, bridge } of cablesOf(topology)) {
    await must(shell, 'ip', ['-n', netns, 'tuntap', 'add', 'dev', tap, 'mode', 'tap']);
    await ipBatch(shell, netns, [
      `link add ${bridge} type bridge mcast_snooping 0`,
      `link set ${tap} master ${bridge}`,
      `link set ${tap} up`,
      `link set ${bridge} up`,
    ]);
  }
  const child = daemon(process.execPath, [process.argv[1]!, 'lab', 'guest', '--name', lab], { lab });
  let gone = false;
  child.once('exit', () => (gone = true));
  const more = async (): Promise<readonly string[]> =>
    ((await files.read(paths(lab).guest.log)) ?? '').trim().split('\n').slice(-6);
  let release = '';
  const answers = async (): Promise<boolean> => {
    if (gone) throw missing('the guest kernel does not start here', { more: await more() });
    if ((await files.stat(paths(lab).guest.socket)) === undefined) return false;
    release = (await runInGuest(lab, 'uname', ['-r'])).stdout.trim();
    return true;
  };
  await until(answers, { what: 'the guest kernel did not boot', withinMs: BOOT_MS, everyMs: 100, signal, more });
  return { guest: (await processId(child.pid!))!, release };
};
