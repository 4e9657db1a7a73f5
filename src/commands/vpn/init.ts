import { defineCommand, flag, FLAG, list, text, type Flag, type Raw } from '../../lib/core/command.ts';
import { interrupted, usageError } from '../../lib/core/errors.ts';
import { CRYPTO_LEVELS } from '../../lib/domain/crypto.ts';
import { planInit, type InitRequest, type PlannedFile } from '../../lib/procedures/init-site.ts';
import type { TunnelAccount } from '../../lib/procedures/render-files.ts';
import { humanProcedure, type ProcedureResult } from '../procedure.ts';
import { applyInit, VPN_APPLY_FLAGS, vpnApply, type VpnApply } from './apply.ts';
import { applyManaged, asksForManaged } from './managed.ts';
import { readSpecs, SHAPES, usageOf } from '../../lib/site/specs.ts';

interface Options extends InitRequest {
  readonly dryRun: boolean;
  readonly force: boolean;
  /** What to do about the cloud; undefined: nothing. */
  readonly apply: VpnApply | undefined;
}

interface InitResult {
  readonly site: string;
  readonly written: boolean;
  readonly files: readonly PlannedFile[];
  readonly tunnels: readonly TunnelAccount[];
  readonly warnings: readonly string[];
  readonly next: readonly string[];
  /** What was done in the cloud, or would be; null without --apply. */
  readonly applied: ProcedureResult | null;
}

const THINGS: Readonly<Record<keyof typeof SHAPES, string>> = {
  gateway: 'a VPN gateway in the VPC, or aws for a managed connection',
  router: 'an on-prem router',
  tunnel: 'a tunnel (default: one for each new box)',
  dx: 'a Direct Connect virtual interface',
  table: 'a VPC route table (links default: Direct Connect, then the tunnel of its zone)',
};

const spec = (name: keyof typeof SHAPES): Flag => ({ flags: `--${name} <spec...>`, summary: `${THINGS[name]}: ${usageOf(name)}`, env: `HYBRIDCTL_${name.toUpperCase()}` });

/** `vpn1=keys/vpn1`, repeatable. */
const keyFiles = (raw: Raw): ReadonlyMap<string, string> =>
  new Map(
    list(raw, 'pskFile').map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1 || at === pair.length - 1) throw usageError('write TUNNEL=FILE', { field: '--psk-file', next: 'a key itself never goes on the command line' });
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );

export const init = defineCommand<Options, InitResult>({
  path: 'vpn init',
  summary: 'write the site file, the keys, and the files for both ends',
  details:
    'A wizard that asks only what it cannot know; each answer is also a flag and a variable, so a runbook runs it without a terminal. ' +
    'On a site file that is there it changes what the flags say and keeps the rest, comments too; that takes --force or a yes. ' +
    'With --apply --gateway aws the site file stays as it is: every router gets a customer gateway and a managed VPN connection, its two tunnels held to one strong proposal, and its files for both in rendered/aws: to be used in place of those for gateways of your own, whose static routes go before what is propagated. ' +
    'A router with an asn speaks BGP inside both tunnels, the first before the second in either direction; one without gets static routes. ' +
    'Pre-shared keys are taken from --psk-file or HYBRIDCTL_PSK_<TUNNEL>, else generated; one that is there is kept. All files are written, or none.',
  flags: [
    FLAG.site,
    { flags: '--example <name>', summary: 'begin with a ready site', choices: ['lab', 'seed-vpn', 'seed-openswan'], env: 'HYBRIDCTL_EXAMPLE' },
    { flags: '--name <name>', summary: 'name of the site', env: 'HYBRIDCTL_NAME' },
    // Not AWS_REGION: a shell's habit must not move a site that is there.
    { flags: '--region <name>', summary: 'cloud region', env: 'HYBRIDCTL_REGION' },
    { flags: '--vpc-cidr <cidr>', summary: 'CIDR of the VPC', env: 'HYBRIDCTL_VPC_CIDR' },
    { flags: '--vpc <id>', summary: 'VPC id', env: 'HYBRIDCTL_VPC' },
    { flags: '--vgw <id>', summary: 'virtual private gateway, for Direct Connect', env: 'HYBRIDCTL_VGW' },
    { flags: '--crypto <level>', summary: 'crypto level (default: modern)', choices: CRYPTO_LEVELS, env: 'HYBRIDCTL_CRYPTO' },
    { flags: '--network <cidr...>', summary: 'on-prem network', env: 'HYBRIDCTL_NETWORK' },
    spec('gateway'),
    spec('router'),
    spec('tunnel'),
    spec('dx'),
    spec('table'),
    { flags: '--psk-file <tunnel=file...>', summary: 'take the key of a tunnel from a file of mode 0600' },
    { flags: '-o, --out <dir>', summary: 'folder for the rendered files', default: 'rendered', env: 'HYBRIDCTL_OUT' },
    { flags: '--no-render', summary: 'write the site file and the keys only' },
    { flags: '--force', summary: 'change a site file that is there, without asking' },
    FLAG.dryRun,
    ...VPN_APPLY_FLAGS,
  ],
  examples: [
    { line: 'hybridctl vpn init', why: 'the wizard' },
    { line: 'hybridctl vpn init --example lab', why: 'a ready site with Direct Connect and two tunnels, for hybridctl lab up' },
    {
      line: 'hybridctl vpn init --name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16 --gateway az=cn-north-1a,private=172.16.1.157,public=203.0.113.11,instance=i-0e1466e8a5dd4892c --router public=198.51.100.77,dialect=ios-vti',
      why: 'one tunnel, without a terminal',
    },
    { line: 'hybridctl vpn init --apply --dry-run', why: 'what the site file still lacks in the cloud, and what of it costs money' },
    { line: 'hybridctl vpn init --apply --yes', why: 'make it; run again it changes nothing, or finishes what broke off' },
    { line: 'hybridctl vpn init --apply --gateway aws --dry-run', why: 'a managed VPN connection for each router of the site file, in place of gateways of your own' },
    { line: 'hybridctl vpn init --router name=rtr-1,public=198.51.100.80 --force', why: 'the router has a new address: change that, keep everything else' },
  ],

  parse(raw) {
    const example = text(raw, 'example');
    const specs = (name: keyof typeof SHAPES) => (name === 'gateway' && asksForManaged(raw) ? [] : readSpecs(name, list(raw, name)));
    return {
      file: text(raw, 'site')!,
      example,
      answers: {
        name: text(raw, 'name'),
        region: text(raw, 'region'),
        vpcCidr: text(raw, 'vpcCidr'),
        vpc: text(raw, 'vpc'),
        vgw: text(raw, 'vgw'),
        crypto: text(raw, 'crypto'),
        networks: list(raw, 'network').flatMap((value) => value.split(/[\s,]+/).filter((word) => word !== '')),
        gateways: specs('gateway'),
        routers: specs('router'),
        tunnels: specs('tunnel'),
        dx: specs('dx'),
        tables: specs('table'),
      },
      pskFiles: keyFiles(raw),
      out: raw.flags['render'] === false ? undefined : text(raw, 'out')!,
      dryRun: flag(raw, 'dryRun'),
      force: flag(raw, 'force'),
      apply: vpnApply(raw),
    };
  },

  async run({ dryRun, force, apply, ...request }, ports) {
    if (apply?.managed === true) {
      const { warnings, outcome } = await applyManaged(ports, request, apply);
      return { ...outcome, result: { site: request.file, written: false, files: [], tunnels: [], warnings, next: [], applied: outcome.result } };
    }
    if (apply !== undefined) {
      const { deployment, outcome } = await applyInit(ports, request, apply);
      const { files, tunnels, warnings } = deployment.plan;
      const next = outcome.result.did === 'applied' ? ['hybridctl vpn status, on a gateway'] : [];
      // Until the addresses are made the tunnels hold stand-ins.
      return { ...outcome, result: { site: request.file, written: outcome.result.did === 'applied', files, tunnels: deployment.fresh.size > 0 ? [] : tunnels, warnings, next, applied: outcome.result } };
    }
    const { pending, files, tunnels, warnings, changesExisting } = await planInit(ports, request);
    for (const warning of warnings) ports.progress(`warning: ${warning}`);
    if (!dryRun && changesExisting && !force) {
      if (ports.ask === undefined) throw usageError('is there already and would change', { field: request.file, next: 'give --force, or look first with --dry-run' });
      if (!(await ports.ask.confirm(`${request.file} is there already. Change it?`, { default: false }))) throw interrupted();
    }
    if (!dryRun) await ports.files.write(pending);
    const given = request.file === 'hybridctl.yaml' ? '' : ` --site ${request.file}`;
    const next = dryRun ? [] : [`hybridctl config validate${given}`, request.out === undefined ? `hybridctl vpn render${given}` : `hybridctl lab up${given}`];
    return { result: { site: request.file, written: !dryRun, files, tunnels, warnings, next, applied: null } };
  },

  human({ site, written, files, tunnels, next, applied }, style) {
    if (applied !== null) return humanProcedure(applied, style);
    const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
    return [
      ...tunnels.map(
        ({ name, crypto, cloud, onprem, sum }) => `${style.bold(name)}  ${cloud.device} ${cloud.inside} <-> ${onprem.device} ${onprem.inside}  ${crypto}\n      ${style.dim(sum)}`,
      ),
      '',
      ...(files.length === 0 ? [style.good(`${site} and all that follows from it are as they should be`)] : [style.table(['mode', 'file', 'what'], files.map(({ mode, path, what }) => [mode, path, what])), '']),
      ...(files.length === 0 ? [] : [written ? style.good(`${count} written`) : `${count} would be written`]),
      ...next.map((line) => style.dim(`next: ${line}`)),
    ].join('\n');
  },
});
