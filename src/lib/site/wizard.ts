import type { z } from 'zod';
import type { Ask } from '../core/ports.ts';
import { parseCidr } from '../domain/cidr.ts';
import { CRYPTO_LEVELS } from '../domain/crypto.ts';
import { regionProblem, zoneProblem } from '../domain/regions.ts';
import { DIALECTS, siteSchema } from '../domain/site.ts';
import type { Answers } from './answers.ts';
import type { Spec } from './specs.ts';

/** The site schema's own rules, question by question. */
const { site, cloud, gateways, onprem, route_tables } = siteSchema.shape;
const GATEWAY = gateways.element.shape;
const ROUTER = onprem.shape.routers.element.in.shape;
const TABLE = route_tables.unwrap().element.shape;

type Rule = (answer: string) => true | string;
const by =
  (schema: z.ZodType): Rule =>
  (answer) => {
    const result = schema.safeParse(answer);
    return result.success ? true : `this ${result.error.issues[0]!.message}`;
  };
const optional =
  (rule: Rule): Rule =>
  (answer) =>
    answer === '' ? true : rule(answer);
const network: Rule = (answer) => {
  const parsed = parseCidr(answer);
  return typeof parsed === 'string' ? `this ${parsed}` : true;
};
const networks: Rule = (answer) =>
  words(answer)
    .map(network)
    .find((verdict) => verdict !== true) ?? (words(answer).length > 0 ? true : 'give at least one, like 10.10.0.0/16');
const zone =
  (region: string): Rule =>
  (answer) =>
    zoneProblem(answer, region) ?? true;
const number: Rule = (answer) =>
  /^[1-9]\d{0,9}$/.test(answer) && Number(answer) < 2 ** 32 - 1 ? true : 'this is not a number from 1 to 4294967294';

const words = (text: string): readonly string[] => text.split(/[\s,]+/).filter((word) => word !== '');
const given = (spec: Record<string, string | undefined>): Spec =>
  Object.fromEntries(
    Object.entries(spec).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );

export interface Making {
  /** The gateways are AWS's, and so are their routes. */
  readonly managed: boolean;
  /** An Elastic IP that nobody names is made. */
  readonly made: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Asks for what the answers lack, and nothing else. Writes nothing; an interrupt leaves no trace. */
export const askForRest = async (ask: Ask, answers: Answers, { managed, made, env }: Making): Promise<Answers> => {
  const input = (question: string, validate: Rule): Promise<string> => ask.input(question, { validate });
  const name = answers.name ?? (await input('Name of this site', by(site)));
  const region =
    answers.region ??
    (await input('Cloud region (like cn-north-1)', (answer) => regionProblem(answer, 'aws', env) ?? true));
  const vpcCidr = answers.vpcCidr ?? (await input('CIDR of the VPC', network));
  const officeNetworks =
    answers.networks.length > 0
      ? answers.networks
      : words(await input('Networks of the office (blank or comma between)', networks));
  const vpnGateways =
    answers.gateways.length > 0 || managed
      ? answers.gateways
      : await several(ask, 'VPN gateway', (title) => askGateway(ask, title, region, made));
  const officeRouters =
    answers.routers.length > 0
      ? answers.routers
      : await several(ask, 'office router', (title) => askRouter(ask, title, managed));
  const crypto =
    answers.crypto ??
    (await ask.select(
      'Crypto level',
      CRYPTO_LEVELS.map((value) => ({ name: value, value })),
      { default: 'modern' },
    ));
  if (managed)
    return {
      ...answers,
      name,
      region,
      vpcCidr,
      networks: officeNetworks,
      routers: officeRouters,
      crypto,
      propagate: await askPropagation(ask, answers),
    };
  const withDx = answers.dx.length === 0 && (await ask.confirm('Is there a Direct Connect?', { default: false }));
  const direct = withDx ? await askDx(ask, answers, officeRouters) : answers;
  const tables =
    answers.tables.length === 0 &&
    (await ask.confirm('Name the route tables that point at these links?', { default: true }))
      ? await several(ask, 'route table', (title) => askTable(ask, title, region))
      : answers.tables;
  return {
    ...direct,
    name,
    region,
    vpcCidr,
    networks: officeNetworks,
    gateways: vpnGateways,
    routers: direct.routers.length > 0 ? direct.routers : officeRouters,
    crypto,
    tables,
  };
};

const askPropagation = async (ask: Ask, { propagate }: Answers): Promise<readonly string[]> =>
  propagate.length > 0
    ? propagate
    : words(
        await ask.input('Route tables that take what AWS learns of the office (blank or comma between; empty: none)', {
          default: '',
          validate: optional(
            (answer) =>
              words(answer)
                .map(by(TABLE.id))
                .find((verdict) => verdict !== true) ?? true,
          ),
        }),
      );

const several = async (ask: Ask, what: string, one: (title: string) => Promise<Spec>): Promise<readonly Spec[]> => {
  const list: Spec[] = [];
  do list.push(await one(`${what} ${list.length + 1}`));
  while (await ask.confirm(`Another ${what}?`, { default: false }));
  return list;
};

/** @param region its zones are the ones that fit. */
const askGateway = async (ask: Ask, title: string, region: string, made: boolean): Promise<Spec> =>
  given({
    az: await ask.input(`${title}: availability zone`, { validate: zone(region) }),
    private_ip: await ask.input(`${title}: private address`, { validate: by(GATEWAY.private_ip) }),
    public_ip: made
      ? await ask.input(`${title}: Elastic IP (empty: one is made)`, {
          default: '',
          validate: optional(by(GATEWAY.public_ip)),
        })
      : await ask.input(`${title}: Elastic IP`, { validate: by(GATEWAY.public_ip) }),
    instance: await ask.input(`${title}: instance id (empty: none yet)`, {
      default: '',
      validate: optional(by(GATEWAY.instance)),
    }),
    eni: await ask.input(`${title}: network interface id (empty: none yet)`, {
      default: '',
      validate: optional(by(GATEWAY.eni)),
    }),
  });

const askRouter = async (ask: Ask, title: string, managed: boolean): Promise<Spec> => {
  const asn = managed
    ? await ask.input(`${title}: BGP AS number (empty: static routes)`, { default: '', validate: optional(number) })
    : '';
  const box = given({
    public_ip: await ask.input(`${title}: public address`, { validate: by(ROUTER.public_ip) }),
    private_ip: await ask.input(`${title}: own address behind NAT (empty: none)`, {
      default: '',
      validate: optional(by(ROUTER.private_ip)),
    }),
    dialect: await ask.select(
      `${title}: what is it?`,
      DIALECTS.map((value) => ({ name: value, value })),
      { default: 'ios-vti' },
    ),
  });
  return asn === '' ? box : { ...box, asn: Number(asn) };
};

/** Direct Connect: the VGW and the router's AS number are answers of their own places in the site. */
const askDx = async (ask: Ask, answers: Answers, routers: readonly Spec[]): Promise<Answers> => {
  const vgw = answers.vgw ?? (await ask.input('Virtual private gateway id', { validate: by(cloud.shape.vgw) }));
  const asn = routers[0]?.['asn'] ?? Number(await ask.input('AS number of office router 1', { validate: number }));
  const cloudAsn = Number(await ask.input('AS number of the cloud side', { validate: number, default: '64512' }));
  const inside = await ask.input('The /30 of the virtual interface', { validate: network });
  const vlan = Number(await ask.input('VLAN', { validate: number, default: '100' }));
  return {
    ...answers,
    vgw,
    routers: routers.map((router, index) => (index === 0 ? { ...router, asn } : router)),
    dx: [{ vlan, inside, cloud_asn: cloudAsn }],
  };
};

const askTable = async (ask: Ask, title: string, region: string): Promise<Spec> => {
  const id = await ask.input(`${title}: id`, { validate: by(TABLE.id) });
  const az = await ask.input(`${title}: availability zone (empty: any)`, {
    default: '',
    validate: optional(zone(region)),
  });
  const subnets = words(
    await ask.input(`${title}: its subnets (empty: not needed)`, { default: '', validate: optional(networks) }),
  );
  return { ...given({ id, az }), ...(subnets.length > 0 ? { subnets } : {}) };
};
