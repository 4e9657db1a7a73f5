import { isAbsolute, relative } from 'node:path';
import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { locked } from '../../lib/core/locked.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { diffsOf } from '../../lib/site/file-diff.ts';
import { flag, toggle } from '../../lib/core/flags.ts';
import { choice, pair, text } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { CRYPTO_LEVELS } from '../../lib/domain/crypto.ts';
import { DIALECTS, INTERFACE_KINDS } from '../../lib/domain/site.ts';
import { planRender, type FileAccount, type TunnelAccount } from '../../lib/procedures/render-files.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';

export interface RenderResult {
  readonly out: string;
  readonly written: boolean;
  readonly tunnels: readonly TunnelAccount[];
  /** `diff` where it was asked for; '' where the file stays as it is. */
  readonly files: readonly (FileAccount & { readonly diff?: string })[];
  readonly warnings: readonly string[];
}

const device = text({ placeholder: 'device', like: 'rtr-1' });

/** The flags that say how to render; `vpn init` and `lab up` read the site file's own answers instead. */
const HOW = {
  crypto: flag(choice(CRYPTO_LEVELS, 'level'), "crypto level (default: the site file's)", { env: 'HYBRIDCTL_CRYPTO' }),
  mode: flag(choice(['route', 'policy'], 'mode'), 'all tunnels route-based or policy-based'),
  dialect: flag(pair(device, choice(DIALECTS, 'dialect')), 'write a device in another dialect', { many: true }),
  interface: flag(
    pair(device, choice(INTERFACE_KINDS, 'kind')),
    'tunnel interface of a Linux end: xfrm, vti, tun, policy',
    { many: true },
  ),
} as const;

export const render = defineCommand({
  path: 'vpn render',
  summary: 'render the configuration of both ends of every tunnel',
  details:
    "One folder a device below --out, which is rendered, or rendered/<folder> where the site file has a folder of its own; what is another site's stays as it is (exit 5). Both ends come from one spec and are cross-checked first: proposals, lifetimes, ids, " +
    'selectors, inside addresses and numbers. Files that hold a key have mode 0600. A file that is already right is left alone. ' +
    "A gateway also gets a relay for the monitor's probes: TCP port 23999 (monitor.relay_port) of its private address, and an ICMP echo of one length, lead through the tunnel " +
    'to the router inside it, whatever the route tables say. It serves the VPC alone, and the security group of the gateway has to let both in.',
  flags: {
    site: FLAG.site,
    out: FLAG.out,
    ...HOW,
    dryRun: FLAG.dryRun,
    diff: toggle('show what changes in each file, without its keys'),
    detailedExitcode: FLAG.detailedExitcode,
  },
  examples: [
    { line: 'hybridctl vpn render', why: 'both ends of every tunnel of hybridctl.yaml, into ./rendered' },
    { line: 'hybridctl vpn render --dry-run --diff', why: 'what would change, line by line' },
    {
      line: 'hybridctl vpn render --dry-run --detailed-exitcode',
      why: 'exit 3 when a file on disk differs from what the site file says',
    },
    {
      line: 'hybridctl vpn render --dialect rtr-1=asa-9.7-vti --crypto cnsa --out try',
      why: 'the same tunnels for another box and crypto level',
    },
  ],

  async run({ site, out, dryRun, diff, detailedExitcode, ...how }, ports): Promise<Outcome<RenderResult>> {
    const work = async (): Promise<Outcome<RenderResult>> => {
      const overrides = {
        dialects: new Map(how.dialect),
        interfaces: new Map(how.interface),
        ...(how.crypto === undefined ? {} : { crypto: how.crypto }),
        ...(how.mode === undefined ? {} : { mode: how.mode }),
      };
      const loaded = await loadSite(ports, site);
      const plan = await planRender(ports, loaded, out, overrides);
      if (plan.files.length === 0)
        throw usageError('has no tunnel and no Direct Connect: there is nothing to render', {
          field: site,
          next: 'add a gateway with "vpn init --gateway az=…,private=…,public=…", or have AWS\'s made with "vpn init --apply --gateway aws"',
        });
      for (const warning of plan.warnings) ports.progress(`warning: ${warning}`);
      const diffs = diff ? await diffsOf(ports.files, plan.pending) : [];
      if (!dryRun) await ports.files.write(plan.pending);
      const files = plan.files.map((file) => ({
        ...file,
        path: isAbsolute(plan.out) ? file.path : relative(ports.cwd, file.path),
        ...(diff ? { diff: diffs.find(({ path }) => path === file.path)?.diff ?? '' } : {}),
      }));
      return {
        result: { out: plan.out, written: !dryRun, tunnels: plan.accounts, files, warnings: plan.warnings },
        exit: detailedExitcode && dryRun && plan.pending.length > 0 ? EXIT.changesPending : EXIT.ok,
      };
    };
    return dryRun ? work() : locked(ports, [absolute(ports.cwd, site)], 'vpn render', work);
  },

  json: jsonShape(1, async () => (await import('./json.ts')).vpnRender),
  data: (result) => result,
  human({ written, tunnels, files, out }, style) {
    const changed = files.filter(({ state }) => state !== 'same');
    const summary =
      changed.length === 0
        ? style.good(`${files.length} files in ${out} are as they should be`)
        : `${written ? style.good(`${changed.length} of ${files.length} files written to ${out}`) : `${changed.length} of ${files.length} files would be written to ${out}`}`;
    return [
      ...files.flatMap(({ diff = '' }) => (diff === '' ? [] : [diff])),
      ...tunnels.map(
        ({ name, crypto, cloud, onprem, sum }) =>
          `${style.bold(name)}  ${cloud.device} ${cloud.inside} ${style.dim(`(${cloud.id}, ${cloud.dialect})`)} <-> ${onprem.device} ${onprem.inside} ${style.dim(`(${onprem.id}, ${onprem.dialect})`)}  ${crypto}\n      ${style.dim(sum)}`,
      ),
      '',
      style.table(
        ['state', 'mode', 'file', 'what'],
        files.map(({ state, mode, path, what }) => [state, mode, path, what]),
      ),
      '',
      summary,
    ].join('\n');
  },
});
