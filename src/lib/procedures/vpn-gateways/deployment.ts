import { dirname } from 'node:path';
import { usageError } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import type { Step } from '../../core/procedure.ts';
import { pskFileOf, type Site } from '../../domain/site.ts';
import type { Answers } from '../../site/answers.ts';
import { absolute, loadPsks, readSiteText } from '../../site/file.ts';
import type { Spec } from '../../site/specs.ts';
import { gatewaysIn, planInit, type InitPlan, type InitRequest } from '../init-site.ts';
import { keyFiles, siteDraft, siteFiles, siteIds, withoutAddresses } from './site-files.ts';
import { addressSteps, gatewaySteps, type TunnelKey, type VpnOptions } from './steps.ts';

export interface Deployment {
  /** As it will be; gateways of `fresh` still with stand-ins for their addresses. */
  readonly site: Site;
  readonly fresh: ReadonlySet<string>;
  readonly plan: InitPlan;
  /** The site file that is there would say something else, addresses that it lacks aside. */
  readonly changesExisting: boolean;
  readonly steps: readonly Step[];
}

/**
 * What a gateway has for an address until its Elastic IP is there: of the range for benchmarks (RFC 2544), which nobody
 * has.
 */
const standIn = (index: number): string => `198.19.${255 - Math.floor(index / 250)}.${(index % 250) + 1}`;
/** `--gateway …,public=new`: an Elastic IP is made also where the site file has one. */
export const NEW_ADDRESS = 'new';

const lacksAddress = (gateway: Readonly<Record<string, unknown>>): boolean =>
  gateway['public_ip'] === undefined || gateway['released'] === true;

/**
 * The answers, with a stand-in for every address that is to be made: for a gateway that has none, where `new` is said,
 * and where `vpn destroy` gave it back.
 */
const withStandIns = (
  answers: Answers,
  existing: string | undefined,
): { answers: Answers; stands: ReadonlySet<unknown> } => {
  const before = gatewaysIn(existing ?? '');
  const oldOf = (spec: Spec, index: number) =>
    spec['name'] === undefined ? before[index] : before.find(({ name }) => name === spec['name']);
  const said = answers.gateways.map(oldOf);
  const unsaid = before.flatMap((old): Spec[] =>
    lacksAddress(old) && !said.includes(old) ? [{ name: String(old['name']) }] : [],
  );
  const stands = new Set<unknown>();
  const gateways = [...answers.gateways, ...unsaid].map((spec, index) => {
    const old = oldOf(spec, index);
    const given = spec['public_ip'];
    if (given !== NEW_ADDRESS && (given !== undefined || (old !== undefined && !lacksAddress(old)))) return spec;
    stands.add(standIn(index));
    return { ...spec, public_ip: standIn(index) };
  });
  return { answers: { ...answers, gateways }, stands };
};

/** The request once the addresses are known. */
const withAddresses = (
  request: InitRequest,
  names: ReadonlyMap<string, string>,
  value: (slot: string) => string,
): InitRequest => ({
  ...request,
  answers: {
    ...request.answers,
    gateways: request.answers.gateways.map((spec) => {
      const name = names.get(String(spec['public_ip']));
      return name === undefined ? spec : { ...spec, public_ip: value(`eip/${name}/address`) };
    }),
  },
});

/**
 * Everything `vpn init --apply` makes: keys, Elastic IPs, site file and rendered files, gateways with all they need,
 * routes. Judges the whole site first; writes nothing. @throws HybridError (usage) for every mistake in answers or
 * site.
 */
export const planDeployment = async (
  ports: Ports,
  request: InitRequest,
  options: Omit<VpnOptions, 'fresh'>,
): Promise<Deployment> => {
  const path = absolute(ports.cwd, request.file);
  const existing = await readSiteText(ports, request.file);
  const { answers, stands } = withStandIns(request.answers, existing);
  const asked: InitRequest = { ...request, answers };
  const plan = await planInit(ports, asked);
  const { site } = plan.loaded;
  if (site.gateways.length === 0)
    throw usageError('the site has no gateway to make', {
      field: 'gateways',
      next: "describe one with --gateway az=…,private=…, or have AWS's made with --gateway aws",
    });
  const names = new Map(
    site.gateways.filter(({ public_ip }) => stands.has(public_ip)).map(({ public_ip, name }) => [public_ip, name]),
  );
  const fresh = new Set(names.values());

  const made = new Set(plan.keys.map((file) => file.path));
  const psks = await loadPsks({ files: plan.view, cwd: ports.cwd }, plan.loaded);
  const keys = new Map<string, TunnelKey>(
    site.tunnels.flatMap((tunnel): readonly [string, TunnelKey][] => {
      const file = pskFileOf(tunnel);
      return file === undefined
        ? []
        : [[tunnel.name, { value: psks.get(tunnel.name)!, isNew: made.has(absolute(dirname(path), file)) }]];
    }),
  );
  const text = plan.loaded.text;
  const draft = withoutAddresses(text, site, fresh);
  const needs = [...fresh].map((name) => `eip/${name}/address`);
  const steps = [
    ...(plan.keys.length === 0 ? [] : [keyFiles(plan.keys)]),
    ...(existing === undefined && fresh.size > 0 ? [siteDraft(path, draft)] : []),
    ...addressSteps(site, fresh),
    siteFiles(ports, (values) => withAddresses(asked, names, values), needs, path, existing ?? draft),
    ...gatewaySteps(site, keys, { ...options, fresh }),
    siteIds(
      site.gateways.map(({ name }) => name),
      path,
    ),
  ];
  return { site, fresh, plan, changesExisting: plan.changesExisting && draft !== existing, steps };
};

/** Where the addresses are not known the runbook would hold stand-ins. */
export const refuseRunbook = ({ fresh }: Deployment): void => {
  if (fresh.size > 0)
    throw usageError(`the Elastic IPs of ${[...fresh].join(', ')} are not made yet, and every file holds them`, {
      field: '--emit',
      next: 'allocate them first and give public= to each --gateway',
    });
};
