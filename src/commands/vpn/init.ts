import { dirname, join } from 'node:path';
import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { locked } from '../../lib/core/locked.ts';
import type { Ports } from '../../lib/core/ports.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { askedFor, planInit, type InitRequest, type PlannedFile } from '../../lib/procedures/init-site.ts';
import type { TunnelAccount } from '../../lib/procedures/render-files.ts';
import { planManagedInit } from '../../lib/procedures/managed-vpn/init.ts';
import { planGatewayInit } from '../../lib/procedures/vpn-gateways/init.ts';
import { absolute } from '../../lib/site/file.ts';
import { humanProcedure, runApply, type ProcedureResult } from '../procedure.ts';
import { agreeToChange } from './consent.ts';
import { initRequest, SITE, VPN_APPLY, type InitOptions } from './init-flags.ts';

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

/** Makes it in the cloud, or says what would be made. */
const applied = async (
  ports: Ports,
  request: InitRequest,
  { region: _, ...options }: InitOptions,
): Promise<Outcome<InitResult>> => {
  const runbook = options.emit !== undefined;
  const { procedure, siteText, files, tunnels, warnings, worthSaying, changesExisting, next } = request.managed
    ? await planManagedInit(ports, request, { runbook })
    : await planGatewayInit(ports, request, { ...options, system: options.image, runbook });
  for (const warning of worthSaying) ports.progress(`warning: ${warning}`);
  if (changesExisting && !options.dryRun && !runbook && !options.force)
    await agreeToChange(ports, request.file, siteText);
  const outcome = await runApply(ports, procedure, options);
  const done = outcome.result.did === 'applied';
  return {
    ...outcome,
    result: {
      site: request.file,
      written: done && (!request.managed || files.length > 0),
      files,
      tunnels,
      warnings,
      next: done ? next : [],
      applied: outcome.result,
    },
  };
};

/** Writes the site file, the keys and what is rendered. */
const written = async (
  ports: Ports,
  request: InitRequest,
  { dryRun, force }: Pick<InitOptions, 'dryRun' | 'force'>,
): Promise<Outcome<InitResult>> => {
  const { pending, loaded, files, tunnels, warnings, changesExisting } = await planInit(ports, request);
  for (const warning of warnings) ports.progress(`warning: ${warning}`);
  if (!dryRun && changesExisting && !force) await agreeToChange(ports, request.file, loaded.text);
  if (!dryRun) await ports.files.write(pending);
  const at = request.file === 'hybridctl.yaml' ? '' : ` --site ${request.file}`;
  const next = dryRun
    ? []
    : [`hybridctl config validate${at}`, !request.render ? `hybridctl vpn render${at}` : `hybridctl lab up${at}`];
  return { result: { site: request.file, written: !dryRun, files, tunnels, warnings, next, applied: null } };
};

export const init = defineCommand({
  path: 'vpn init',
  summary: 'create the site file, the keys, and the configuration of both ends',
  details:
    'A wizard that asks only what it cannot know, and judges each answer at once; < goes back, and after Ctrl-C it goes on where it was. Each answer is also a flag and a variable, so a runbook runs it without a terminal. ' +
    'On a site file that is there it changes what the flags say and keeps the rest, comments too; that takes --force or a yes. ' +
    'With --apply --gateway aws there are no gateways of your own in the site, or they stay as they are: every router gets a customer gateway and a managed VPN connection, its two tunnels held to one strong proposal, and its files for both in rendered/aws: to be used in place of those for gateways of your own, whose static routes go before what is propagated. ' +
    'A router with an asn speaks BGP inside both tunnels, the first before the second in either direction; one without gets static routes. ' +
    'Pre-shared keys are taken from --psk-file or HYBRIDCTL_PSK_<TUNNEL>, else generated; one that is there is kept. All files are written, or none.',
  flags: { ...SITE, ...VPN_APPLY },
  requires: { emit: ['apply'], adopt: ['apply'], keepOnFailure: ['apply'], detailedExitcode: ['apply'] },
  examples: [
    { line: 'hybridctl vpn init', why: 'the wizard' },
    {
      line: 'hybridctl vpn init --example lab',
      why: 'a ready site with Direct Connect and two tunnels, for hybridctl lab up',
    },
    {
      line: 'hybridctl vpn init --name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16 --gateway az=cn-north-1a,private=172.16.1.157,public=203.0.113.11,instance=i-0e1466e8a5dd4892c --router public=198.51.100.77,dialect=ios-vti',
      why: 'one tunnel, without a terminal',
    },
    {
      line: 'hybridctl vpn init --apply --dry-run',
      why: 'what the site file still lacks in the cloud, and what of it costs money',
    },
    {
      line: 'hybridctl vpn init --apply --yes',
      why: 'make it; run again it changes nothing, or finishes what broke off',
    },
    {
      line: 'hybridctl vpn init --apply --gateway aws --dry-run',
      why: 'a managed VPN connection for each router of the site file, in place of gateways of your own',
    },
    {
      line: 'hybridctl vpn init --apply --gateway aws --name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16 --router public=198.51.100.77,dialect=ios-vti,asn=65010 --propagate rtb-0468f52220000000a --yes',
      why: 'the same from nothing: site file, managed connection, the files of the router',
    },
    {
      line: 'hybridctl vpn init --router name=rtr-1,public=198.51.100.80 --force',
      why: 'the router has a new address: change that, keep everything else',
    },
  ],

  refine: (options) => ({ ...options, given: initRequest(options) }),

  run: ({ given, ...options }, ports) =>
    askedFor(ports, given, { made: options.apply, dryRun: options.dryRun }, (request) => {
      const work = () => (options.apply ? applied(ports, request, options) : written(ports, request, options));
      if (options.dryRun || options.emit !== undefined) return work();
      // A new site looks at its neighbours before it chooses its folders, so the folder is locked too.
      const path = absolute(ports.cwd, request.file);
      return locked(ports, [path, join(dirname(path), 'hybridctl')], 'vpn init', work);
    }),

  json: jsonShape(1, async () => (await import('./json.ts')).vpnInit),
  data: ({ next, ...result }) => ({ ...result, nextSteps: next }),
  human({ site, written, files, tunnels, next, applied }, style) {
    if (applied !== null) return humanProcedure(applied, style);
    const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
    return [
      ...tunnels.map(
        ({ name, crypto, cloud, onprem, sum }) =>
          `${style.bold(name)}  ${cloud.device} ${cloud.inside} <-> ${onprem.device} ${onprem.inside}  ${crypto}\n      ${style.dim(sum)}`,
      ),
      '',
      ...(files.length === 0
        ? [style.good(`${site} and all that follows from it are as they should be`)]
        : [
            style.table(
              ['mode', 'file', 'what'],
              files.map(({ mode, path, what }) => [mode, path, what]),
            ),
            '',
          ]),
      ...(files.length === 0 ? [] : [written ? style.good(`${count} written`) : `${count} would be written`]),
      ...next.map((line) => style.dim(`next: ${line}`)),
    ].join('\n');
  },
});
