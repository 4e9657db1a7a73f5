import type { Outcome, Style } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { octal } from '../../lib/domain/file-mode.ts';
import { planDxKey } from '../../lib/procedures/dx-key.ts';
import { loadSite } from '../../lib/site/file.ts';
import { shownPath } from '../../lib/site/neighbours.ts';
import { FLAG } from '../flags.ts';
import { LINK } from './shared.ts';

interface Result {
  readonly link: string;
  readonly router: string;
  readonly vif: string;
  readonly written: boolean;
  readonly files: readonly { readonly path: string; readonly mode: string; readonly what: string }[];
}

export const key = defineCommand({
  path: 'dx vif key',
  summary: "take the MD5 key of a link's BGP session from Direct Connect into the router's file",
  details:
    'AWS sets an MD5 key on every BGP session, and a router without it stays down. The key goes into the link\'s bgp_password_file (made, mode 0600, where the site file names none), and from there into the router\'s configuration, as "dx render" writes it. It is in no output. A file that holds another key is left alone.',
  args: LINK,
  flags: {
    site: FLAG.site,
    out: FLAG.out,
    region: FLAG.region,
    profile: FLAG.profile,
    dryRun: FLAG.dryRun,
    detailedExitcode: FLAG.detailedExitcode,
  },
  examples: [
    { line: 'hybridctl dx vif key dx-1 --dry-run', why: 'which files would be written' },
    { line: 'hybridctl dx vif key dx-1', why: 'both ends have the same key then' },
  ],
  async run({ site: file, link, out, region, profile, dryRun, detailedExitcode }, ports): Promise<Outcome<Result>> {
    const loaded = await loadSite(ports, file);
    const aws = await ports.aws({ region: region ?? loaded.site.cloud.region, profile, signal: ports.signal });
    const plan = await planDxKey(ports, aws, loaded, { file, link, out });
    if (!dryRun) await ports.files.write(plan.pending);
    return {
      result: {
        link: plan.link,
        router: plan.router,
        vif: plan.vif,
        written: !dryRun,
        files: plan.files.map(({ path, mode, what }) => ({
          path: shownPath(ports.cwd, path),
          mode: octal(mode),
          what,
        })),
      },
      exit: detailedExitcode && dryRun && plan.pending.length > 0 ? EXIT.changesPending : EXIT.ok,
    };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).dxVifKey),
  data: (result) => result,
  human({ link, router, files, written }, style: Style) {
    if (files.length === 0) return style.good(`${router} has the key of ${link} already`);
    return [
      style.table(
        ['mode', 'file', 'what'],
        files.map(({ mode, path, what }) => [mode, path, what]),
      ),
      '',
      written
        ? style.good(`${files.length} files written; ${router} needs its file of ${link} now`)
        : `${files.length} files would be written`,
    ].join('\n');
  },
});
