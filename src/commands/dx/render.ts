import { isAbsolute, relative } from 'node:path';
import type { Outcome, Style } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { locked } from '../../lib/core/locked.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { planRender, type FileAccount } from '../../lib/procedures/render-files.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';

interface Result {
  readonly out: string;
  readonly written: boolean;
  readonly links: readonly {
    readonly link: string;
    readonly router: string;
    readonly role: string;
    readonly vlan: number;
    readonly inside: string;
  }[];
  readonly files: readonly FileAccount[];
}

export const render = defineCommand({
  path: 'dx render',
  summary: "render the routers' BGP configuration for Direct Connect",
  details:
    'Of every router that has a link: the session, BFD at 300 ms x 3, and the policy by role. A standby link prepends its own AS number twice on the way out and lowers local preference on the way in, so that both directions prefer the active one. ' +
    'The files are those that "vpn render" writes beside the tunnels\'; tunnels are left alone here.',
  flags: { site: FLAG.site, out: FLAG.out, dryRun: FLAG.dryRun, detailedExitcode: FLAG.detailedExitcode },
  examples: [
    { line: 'hybridctl dx render', why: 'into ./rendered, one folder a router' },
    { line: 'hybridctl dx render --dry-run --detailed-exitcode', why: 'exit 3 when a file differs from the site file' },
  ],
  async run({ site: file, out, dryRun, detailedExitcode }, ports): Promise<Outcome<Result>> {
    const work = async (): Promise<Outcome<Result>> => {
      const loaded = await loadSite(ports, file);
      const links = loaded.site.links.flatMap((link) =>
        link.kind === 'dx'
          ? [{ link: link.name, router: link.router, role: link.role, vlan: link.vlan, inside: link.inside }]
          : [],
      );
      if (links.length === 0)
        throw usageError('the site has no Direct Connect link', {
          field: 'links',
          next: 'add one to the site file, kind: dx',
        });
      const plan = await planRender(ports, loaded, out);
      const mine = plan.bgp.filter(({ device }) => links.some(({ router }) => router === device));
      const pending = plan.pending.filter(({ path }) => mine.some((one) => one.path === path));
      for (const warning of plan.warnings.filter((text) => text.startsWith('links')))
        ports.progress(`warning: ${warning}`);
      if (!dryRun) await ports.files.write(pending);
      const files = mine.map((one) => ({
        ...one,
        path: isAbsolute(plan.out) ? one.path : relative(ports.cwd, one.path),
      }));
      return {
        result: { out: plan.out, written: !dryRun, links, files },
        exit: detailedExitcode && dryRun && pending.length > 0 ? EXIT.changesPending : EXIT.ok,
      };
    };
    return dryRun ? work() : locked(ports, [absolute(ports.cwd, file)], 'dx render', work);
  },
  json: jsonShape(1, async () => (await import('./json.ts')).dxRender),
  data: (result) => result,
  human({ links, files, written, out }, style: Style) {
    const changed = files.filter(({ state }) => state !== 'same').length;
    return [
      style.table(
        ['link', 'router', 'role', 'vlan', 'inside'],
        links.map(({ link, router, role, vlan, inside }) => [link, router, role, String(vlan), inside]),
      ),
      '',
      style.table(
        ['state', 'mode', 'file', 'what'],
        files.map(({ state, mode, path, what }) => [state, mode, path, what]),
      ),
      '',
      changed === 0
        ? style.good(`${out}/ is up to date (${files.length} ${files.length === 1 ? 'file' : 'files'})`)
        : written
          ? style.good(`${changed} of ${files.length} files written to ${out}`)
          : `${changed} of ${files.length} files would be written to ${out}`,
    ].join('\n');
  },
});
