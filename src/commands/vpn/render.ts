import { isAbsolute, join, relative } from 'node:path';
import { defineCommand, flag, FLAG, list, text } from '../../lib/core/command.ts';
import { EXIT, usageError } from '../../lib/core/errors.ts';
import { CRYPTO_LEVELS, type CryptoLevel } from '../../lib/domain/crypto.ts';
import {
  dialectPairs,
  interfacePairs,
  planRender,
  type FileAccount,
  type Overrides,
  type TunnelAccount,
} from '../../lib/procedures/render-files.ts';
import { loadSite } from '../../lib/site/file.ts';

interface Options extends Overrides {
  readonly site: string;
  readonly out: string;
  readonly dryRun: boolean;
  readonly detailed: boolean;
}

export interface RenderResult {
  readonly out: string;
  readonly written: boolean;
  readonly tunnels: readonly TunnelAccount[];
  readonly files: readonly FileAccount[];
  readonly warnings: readonly string[];
}

/** The flags that say how to render; `vpn init` and `lab up` read the site file's own answers instead. */
const HOW = [
  {
    flags: '--crypto <level>',
    summary: "crypto level (default: the site file's)",
    choices: CRYPTO_LEVELS,
    env: 'HYBRIDCTL_CRYPTO',
  },
  { flags: '--mode <mode>', summary: 'all tunnels route-based or policy-based', choices: ['route', 'policy'] },
  { flags: '--dialect <device=dialect...>', summary: 'write a device in another dialect' },
  { flags: '--interface <device=kind...>', summary: 'tunnel interface of a Linux end: xfrm, vti, tun, policy' },
] as const;

export const render = defineCommand<Options, RenderResult>({
  path: 'vpn render',
  summary: 'write the files for both ends of every tunnel',
  details:
    'One folder a device below --out. Both ends come from one spec and are cross-checked first: proposals, lifetimes, ids, ' +
    'selectors, inside addresses and numbers. Files that hold a key have mode 0600. A file that is already right is left alone. ' +
    "A gateway also gets a relay for the monitor's probes: TCP port 23999 (monitor.relay_port) of its private address, and an ICMP echo of one length, lead through the tunnel " +
    'to the router inside it, whatever the route tables say. It serves the VPC alone, and the security group of the gateway has to let both in.',
  flags: [
    FLAG.site,
    { flags: '-o, --out <dir>', summary: 'folder for the rendered files', default: 'rendered', env: 'HYBRIDCTL_OUT' },
    ...HOW,
    FLAG.dryRun,
    FLAG.detailedExitcode,
  ],
  examples: [
    { line: 'hybridctl vpn render', why: 'both ends of every tunnel of hybridctl.yaml, into ./rendered' },
    {
      line: 'hybridctl vpn render --dry-run --detailed-exitcode',
      why: 'exit 3 when a file on disk differs from what the site file says',
    },
    {
      line: 'hybridctl vpn render --dialect rtr-1=asa-9.7-vti --crypto cnsa -o try',
      why: 'the same tunnels for another box and crypto level',
    },
  ],

  parse(raw) {
    const crypto = text(raw, 'crypto') as CryptoLevel | undefined;
    const mode = text(raw, 'mode') as 'route' | 'policy' | undefined;
    return {
      site: text(raw, 'site')!,
      out: text(raw, 'out')!,
      dryRun: flag(raw, 'dryRun'),
      detailed: flag(raw, 'detailedExitcode'),
      dialects: dialectPairs(list(raw, 'dialect')),
      interfaces: interfacePairs(list(raw, 'interface')),
      ...(crypto === undefined ? {} : { crypto }),
      ...(mode === undefined ? {} : { mode }),
    };
  },

  async run({ site, out, dryRun, detailed, ...overrides }, ports) {
    const loaded = await loadSite(ports, site);
    const plan = await planRender(ports, loaded, isAbsolute(out) ? out : join(ports.cwd, out), overrides);
    if (plan.files.length === 0)
      throw usageError('has no tunnel and no Direct Connect: there is nothing to render', {
        field: site,
        next: 'add a gateway with "vpn init --gateway az=…,private=…,public=…", or have AWS\'s made with "vpn init --apply --gateway aws"',
      });
    for (const warning of plan.warnings) ports.progress(`warning: ${warning}`);
    if (!dryRun) await ports.files.write(plan.pending);
    const files = plan.files.map((file) => ({
      ...file,
      path: isAbsolute(out) ? file.path : relative(ports.cwd, file.path),
    }));
    return {
      result: { out, written: !dryRun, tunnels: plan.accounts, files, warnings: plan.warnings },
      exit: detailed && dryRun && plan.pending.length > 0 ? EXIT.changesPending : EXIT.ok,
    };
  },

  human({ written, tunnels, files, out }, style) {
    const changed = files.filter(({ state }) => state !== 'same');
    const summary =
      changed.length === 0
        ? style.good(`${files.length} files in ${out} are as they should be`)
        : `${written ? style.good(`${changed.length} of ${files.length} files written to ${out}`) : `${changed.length} of ${files.length} files would be written to ${out}`}`;
    return [
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
