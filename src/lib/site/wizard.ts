import type { Ports } from '../core/ports.ts';
import { CRYPTO_LEVELS } from '../domain/crypto.ts';
import { regionProblem } from '../domain/regions.ts';
import { AUTHS, siteSchema } from '../domain/site.ts';
import type { Answers } from './answers.ts';
import type { Questions } from './journal.ts';
import type { Offers } from './offers.ts';
import type { Spec } from './specs.ts';
import { choose, named, ofVpc, tableWords } from './wizard-account.ts';
import { askDx, askGateway, askRouter, askTable, type Known } from './wizard-boxes.ts';
import { by, meets, network, networks, optional, words } from './wizard-rules.ts';
import { AUTH_WORDS, CRYPTO_WORDS } from './wizard-words.ts';

/** The site schema's own rules, question by question. */
const { site, route_tables } = siteSchema.shape;
const TABLE = route_tables.unwrap().element.shape;

export interface Making {
  /** The gateways are AWS's, and so are their routes. */
  readonly managed: boolean;
  /** An Elastic IP that nobody names is made. */
  readonly made: boolean;
  readonly env: Ports['env'];
  /** What the account has in a region; undefined: nothing to choose from. */
  offers(region: string): Promise<Offers | undefined>;
}

/** Asks for what the answers lack, and nothing else. The samples fit each other: see {@link Questions}. */
export const askForRest = async (
  ask: Questions,
  answers: Answers,
  { managed, made, env, offers }: Making,
): Promise<Answers> => {
  const name = answers.name ?? (await ask.input('Name of this site', { rule: by(site), sample: 'site' }));
  const region =
    answers.region ??
    (await ask.input('Cloud region (like cn-north-1)', {
      rule: (answer) => regionProblem(answer, 'aws', env) ?? true,
      sample: 'us-east-1',
    }));
  const account = await offers(region);
  const { vpc, vpcCidr, lookIn } = await askVpc(ask, answers, account);
  const known: Known = { region, vpcCidr, made, offers: ofVpc(account, lookIn) };
  const officeNetworks =
    answers.networks.length > 0
      ? answers.networks
      : words(
          await ask.input('Networks of the office (blank or comma between)', {
            rule: networks,
            sample: ['192.168.255.0/24', '10.255.255.0/24'].find((one) => !meets(one, vpcCidr))!,
          }),
        );
  // Before the boxes: what a box can't do at this level is then said of the box.
  const crypto =
    answers.crypto ??
    (await ask.select(
      'Crypto level',
      CRYPTO_LEVELS.map((value) => ({ name: value, value, description: CRYPTO_WORDS[value] })),
      { default: 'modern' },
    ));
  // AWS's own end takes no certificate of ours, and who gives the level by a flag knows of tunnel's auth=cert.
  const auth =
    answers.auth ??
    (managed || answers.crypto !== undefined || answers.tunnels.length > 0
      ? undefined
      : await ask.select(
          'How do the two ends of a tunnel know each other?',
          AUTHS.map((value) => ({ name: value, value, description: AUTH_WORDS[value] })),
          { default: 'psk' },
        ));
  const vpnGateways =
    answers.gateways.length > 0 || managed
      ? answers.gateways
      : await several(ask, 'VPN gateway', (title, index) => askGateway(ask, { title, index }, known));
  const officeRouters =
    answers.routers.length > 0
      ? answers.routers
      : await several(ask, 'office router', (title, index) => askRouter(ask, { title, index }, managed));
  const place = { ...answers, name, region, vpc, vpcCidr, networks: officeNetworks, crypto, auth };
  if (managed) return { ...place, routers: officeRouters, propagate: await askPropagation(ask, answers, known.offers) };
  const withDx = answers.dx.length === 0 && (await ask.confirm('Is there a Direct Connect?', { default: false }));
  const direct = withDx ? await askDx(ask, answers, officeRouters) : answers;
  const tables =
    answers.tables.length === 0 &&
    (await ask.confirm('Name the route tables that point at these links?', { default: true }))
      ? await several(ask, 'route table', (title, index) => askTable(ask, { title, index }, known))
      : answers.tables;
  return {
    ...place,
    vgw: direct.vgw,
    dx: direct.dx,
    gateways: vpnGateways,
    routers: direct.routers.length > 0 ? direct.routers : officeRouters,
    tables,
  };
};

/** @returns `lookIn`: the VPC whose things are offered, where it is known. */
const askVpc = async (
  ask: Questions,
  { vpc, vpcCidr }: Answers,
  offers: Offers | undefined,
): Promise<{ readonly vpc: string | undefined; readonly vpcCidr: string; readonly lookIn: string | undefined }> => {
  const there = offers?.vpcs ?? [];
  if (vpcCidr !== undefined) {
    const fit = there.filter((one) => one.cidr === vpcCidr);
    return { vpc, vpcCidr, lookIn: vpc ?? (fit.length === 1 ? fit[0]!.id : undefined) };
  }
  const chosen =
    there.find(({ id }) => id === vpc) ??
    (await choose(ask, 'VPC', vpc === undefined ? there : [], (one) => ({ name: named(one), description: one.cidr })));
  if (chosen !== undefined) return { vpc: chosen.id, vpcCidr: chosen.cidr, lookIn: chosen.id };
  const typed = await ask.input('CIDR of the VPC', { rule: network, sample: '10.254.0.0/16' });
  return { vpc, vpcCidr: typed, lookIn: vpc };
};

const askPropagation = async (
  ask: Questions,
  { propagate }: Answers,
  offers: Offers | undefined,
): Promise<readonly string[]> => {
  if (propagate.length > 0) return propagate;
  const there = offers?.tables ?? [];
  const chosen: string[] = [];
  for (const table of there)
    if (await ask.confirm(`Shall ${named(table)} take what AWS learns of the office? (${tableWords(table)})`))
      chosen.push(table.id);
  if (there.length > 0) return chosen;
  return words(
    await ask.input('Route tables that take what AWS learns of the office (blank or comma between; empty: none)', {
      default: '',
      rule: optional(
        (answer) =>
          words(answer)
            .map(by(TABLE.id))
            .find((verdict) => verdict !== true) ?? true,
      ),
    }),
  );
};

const several = async (
  ask: Questions,
  what: string,
  one: (title: string, index: number) => Promise<Spec>,
): Promise<readonly Spec[]> => {
  const list: Spec[] = [];
  do list.push(await one(`${what} ${list.length + 1}`, list.length));
  while (await ask.confirm(`Another ${what}?`, { default: false }));
  return list;
};
