import { failure } from '../../core/errors.ts';
import type { Call, ReadResult, Step } from '../../core/procedure.ts';
import { tunnelsAreUp } from './running.ts';
import { SCRIPT, stampOf, unitsOf, type HostBox, type Where } from './box.ts';
import { daemonOf, run } from './daemon.ts';

const SWANCTL = '/etc/swanctl/swanctl.conf';
const SNIPPETS = /^(?:\/etc\/swanctl\/)?conf\.d\/\*\.conf$/;
const OTHERS = '/run/hybridctl/others.conf';

const there = (id: string): ReadResult => ({ state: 'ready', found: { id, owned: true } });
const ABSENT: ReadResult = { state: 'absent' };

/**
 * swanctl can only load files, and drops what is not in them: so this site's connections go by loading everybody
 * else's. What is loaded and in no file would go too; where there is such a connection we refuse.
 */
const othersConf = async (box: HostBox, { shell, files }: Where): Promise<string> => {
  const ours = box.files.map(({ path }) => path);
  const { exitCode, stdout } = await shell.run('find', [
    '/etc/swanctl/conf.d',
    '-maxdepth',
    '1',
    '-name',
    '*.conf',
    '-type',
    'f',
  ]);
  const snippets =
    exitCode === 0
      ? stdout
          .split('\n')
          .filter((path) => path !== '' && !ours.includes(path))
          .sort()
      : [];
  const main = (await files.read(SWANCTL)) ?? '';
  const lines = main.split('\n').flatMap((line) => {
    const [, included] = /^\s*include\s+(\S+)\s*$/.exec(line) ?? [];
    if (included === undefined) return [line];
    if (SNIPPETS.test(included)) return snippets.map((path) => `include ${path}`);
    return [`include ${included.startsWith('/') ? included : `/etc/swanctl/${included}`}`];
  });
  const texts = [main, ...(await Promise.all(snippets.map(async (path) => (await files.read(path)) ?? '')))];
  const { known } = await daemonOf(box).names({ shell, files });
  const homeless = known.find(
    (name) =>
      !box.tunnels.includes(name) &&
      !texts.some((text) => new RegExp(`(?:^|[\\s{])${name.replaceAll('.', '\\.')}\\s*\\{`).test(text)),
  );
  if (homeless !== undefined)
    throw failure(`the connection ${homeless} is loaded and in no file of /etc/swanctl, so it would be lost`, {
      next: 'give it a file in /etc/swanctl/conf.d, or unload it yourself first',
    });
  return lines.join('\n');
};

/** Takes this site's connections from the daemon, and their security associations with them. */
const unloadCalls = async (box: HostBox, where: Where): Promise<readonly Call[]> => {
  const daemon = daemonOf(box);
  if (!(await daemon.answers(where))) return [];
  const uri = box.uri === undefined ? [] : ['--uri', box.uri];
  if (box.dialect === 'swanctl') {
    const { known } = await daemon.names(where);
    return [
      { kind: 'write', secret: true, file: { path: OTHERS, content: await othersConf(box, where), mode: 0o600 } },
      // First what would bring an association back, then the association. Where unloading already ended it, there is
      // nothing left to end.
      run('swanctl', '--load-all', '--noprompt', '--file', OTHERS, ...uri),
      run('rm', '-f', OTHERS),
      ...box.tunnels.filter((name) => known.includes(name)).map((name) => daemon.end(name)),
    ];
  }
  if (box.dialect === 'ipsec-conf')
    return box.tunnels.flatMap((name) => [
      run('ipsec', 'stroke', 'delete', name),
      run('ipsec', 'stroke', 'down-nb', name),
    ]);
  return box.tunnels.map((name) => run('ipsec', 'auto', '--delete', name));
};

/** What `vpn down` takes away, the last first: connections, tunnel interface, units, and with `purge` the files. */
export const downSteps = async (box: HostBox, where: Where, purge: boolean): Promise<readonly Step[]> => {
  const daemon = daemonOf(box);
  const unload = await unloadCalls(box, where);
  const units = unitsOf(box);
  const steps: readonly (Step | false)[] = [
    ...box.files.map(
      ({ path, what }) =>
        purge &&
        ({
          key: `file${path}`,
          title: `${what} ${path}`,
          read: async ({ files }) => ((await files.stat(path)) === undefined ? ABSENT : there(path)),
          create: () => [],
          delete: () => [run('rm', '-f', '--', path)],
        } satisfies Step),
    ),
    box.systemd && {
      key: 'units',
      title: 'start at boot',
      async read({ shell }) {
        for (const unit of units)
          if ((await shell.run('systemctl', ['is-enabled', '--quiet', unit])).exitCode === 0)
            return there(units.join(' '));
        return ABSENT;
      },
      create: () => [],
      // The daemon may serve others: it stays as it is.
      delete: () => [run('systemctl', 'disable', ...units)],
    },
    {
      key: 'tunnels',
      title: 'tunnel interface, routes and MSS clamp',
      read: async (context) => ((await tunnelsAreUp(box, context)) ? there(SCRIPT) : ABSENT),
      create: () => [],
      delete: () => [
        run(SCRIPT, 'down'),
        ...(box.systemd ? [run('systemctl', 'stop', 'hybridctl-tunnels.service')] : []),
        run('rm', '-f', stampOf(box, 'tunnels'), stampOf(box, 'watch')),
      ],
    },
    {
      key: 'connections',
      title: `connections ${box.tunnels.join(', ')}`,
      async read(context) {
        const known = (await daemon.answers(context)) ? (await daemon.names(context)).known : [];
        const ours = box.tunnels.filter((name) => known.includes(name));
        return ours.length === 0 ? ABSENT : there(ours.join(' '));
      },
      create: () => [],
      delete: () => [...unload, run('rm', '-f', stampOf(box, 'loaded'))],
    },
  ];
  return steps.filter((step) => step !== false);
};
