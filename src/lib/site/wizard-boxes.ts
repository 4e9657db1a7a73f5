import { DIALECTS, siteSchema } from '../domain/site.ts';
import type { Answers } from './answers.ts';
import type { Questions } from './journal.ts';
import type { Offers } from './offers.ts';
import type { Spec } from './specs.ts';
import { choose, named, tableWords } from './wizard-account.ts';
import {
  by,
  given,
  inVpc,
  meets,
  network,
  networks,
  number,
  optional,
  words,
  zone,
  type Rule,
} from './wizard-rules.ts';
import { DIALECT_WORDS } from './wizard-words.ts';

const { cloud, gateways, onprem, route_tables } = siteSchema.shape;
const GATEWAY = gateways.element.shape;
const ROUTER = onprem.shape.routers.element.in.shape;
const TABLE = route_tables.unwrap().element.shape;

/** What earlier answers settle for later questions. */
export interface Known {
  readonly region: string;
  readonly vpcCidr: string;
  readonly made: boolean;
  /** Only of the chosen VPC. */
  readonly offers: Offers | undefined;
}

/** Which of several: its title, and its number from 0. */
export interface Place {
  readonly title: string;
  readonly index: number;
}

export const askGateway = async (
  ask: Questions,
  { title, index }: Place,
  { region, vpcCidr, made, offers }: Known,
): Promise<Spec> => {
  const instance = await choose(ask, `${title}: instance`, offers?.instances ?? [], (one) => ({
    name: named(one),
    description: `${one.privateIp}${one.publicIp === undefined ? '' : `, ${one.publicIp}`} in ${one.az}`,
  }));
  const elasticIp = async (): Promise<string> =>
    made
      ? ask.input(`${title}: Elastic IP (empty: one is made)`, { default: '', rule: optional(by(GATEWAY.public_ip)) })
      : ask.input(`${title}: Elastic IP`, { rule: by(GATEWAY.public_ip), sample: `203.0.113.${200 + index}` });
  if (instance !== undefined)
    return given({
      az: instance.az,
      private_ip: instance.privateIp,
      public_ip: instance.publicIp ?? (await elasticIp()),
      instance: instance.id,
    });
  const subnet = await choose(ask, `${title}: subnet`, offers?.subnets ?? [], (one) => ({
    name: named(one),
    description: `${one.cidr} in ${one.az}`,
  }));
  const inSubnet: Rule = (answer) =>
    subnet === undefined || meets(`${answer}/32`, subnet.cidr) ? true : `this is not in ${subnet.cidr} of the subnet`;
  const own = by(GATEWAY.private_ip);
  return given({
    az: subnet?.az ?? (await ask.input(`${title}: availability zone`, { rule: zone(region), sample: `${region}a` })),
    private_ip: await ask.input(`${title}: private address`, {
      rule: (answer) => (own(answer) === true ? inSubnet(answer) : own(answer)),
      sample: inVpc(vpcCidr, index),
    }),
    public_ip: await elasticIp(),
    instance: await ask.input(`${title}: instance id (empty: none yet)`, {
      default: '',
      rule: optional(by(GATEWAY.instance)),
    }),
    eni: await ask.input(`${title}: network interface id (empty: none yet)`, {
      default: '',
      rule: optional(by(GATEWAY.eni)),
    }),
  });
};

export const askRouter = async (ask: Questions, { title, index }: Place, managed: boolean): Promise<Spec> => {
  const asn = managed
    ? await ask.input(`${title}: BGP AS number (empty: static routes)`, { default: '', rule: optional(number) })
    : '';
  const box = given({
    public_ip: await ask.input(`${title}: public address`, {
      rule: by(ROUTER.public_ip),
      sample: `198.51.100.${200 + index}`,
    }),
    private_ip: await ask.input(`${title}: own address behind NAT (empty: none)`, {
      default: '',
      rule: optional(by(ROUTER.private_ip)),
    }),
    dialect: await ask.select(
      `${title}: what is it?`,
      DIALECTS.map((value) => ({ name: value, value, description: DIALECT_WORDS[value] })),
      { default: 'ios-vti' },
    ),
  });
  return asn === '' ? box : { ...box, asn: Number(asn) };
};

/** Direct Connect: the VGW and the router's AS number are answers of their own places in the site. */
export const askDx = async (ask: Questions, answers: Answers, routers: readonly Spec[]): Promise<Answers> => {
  const vgw =
    answers.vgw ??
    (await ask.input('Virtual private gateway id', { rule: by(cloud.shape.vgw), sample: 'vgw-00000000' }));
  const asn =
    routers[0]?.['asn'] ?? Number(await ask.input('AS number of office router 1', { rule: number, sample: '65499' }));
  const cloudAsn = Number(
    await ask.input('AS number of the cloud side', {
      rule: number,
      default: '64512',
      sample: asn === 64_512 ? '64513' : '64512',
    }),
  );
  const inside = await ask.input('The /30 of the virtual interface', { rule: network, sample: '169.254.250.0/30' });
  const vlan = Number(await ask.input('VLAN', { rule: number, default: '100' }));
  return {
    ...answers,
    vgw,
    routers: routers.map((router, index) => (index === 0 ? { ...router, asn } : router)),
    dx: [{ vlan, inside, cloud_asn: cloudAsn }],
  };
};

export const askTable = async (ask: Questions, { title, index }: Place, { region, offers }: Known): Promise<Spec> => {
  const chosen = await choose(ask, title, offers?.tables ?? [], (one) => ({
    name: named(one),
    description: tableWords(one),
  }));
  if (chosen !== undefined) {
    const [az, ...others] = new Set(chosen.subnets.map((one) => one.az));
    const subnets = chosen.subnets.map((one) => one.cidr);
    return {
      ...given({ id: chosen.id, az: others.length === 0 ? az : undefined }),
      ...(subnets.length > 0 ? { subnets } : {}),
    };
  }
  const id = await ask.input(`${title}: id`, {
    rule: by(TABLE.id),
    sample: `rtb-${index.toString(16).padStart(8, '0')}`,
  });
  const az = await ask.input(`${title}: availability zone (empty: any)`, {
    default: '',
    rule: optional(zone(region)),
  });
  const subnets = words(
    await ask.input(`${title}: its subnets (empty: not needed)`, { default: '', rule: optional(networks) }),
  );
  return { ...given({ id, az }), ...(subnets.length > 0 ? { subnets } : {}) };
};
