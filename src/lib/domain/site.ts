import * as z from 'zod';
import { CRYPTO_LEVELS } from './crypto.ts';
import { addressNumber, isPublic, parseCidr } from './cidr.ts';
import { DEFAULT_BUDGET, PROFILE_NAMES } from './health/profiles.ts';
import { OLD_SPELLING_OF_LEGACY } from '../core/spelling.ts';
import { REGION } from './partition.ts';
import { recordsSchema } from './records.ts';
import { RELAY_PORT } from './relay.ts';

/**
 * The site file: one cloud VPC, its VPN gateways, the on-prem routers, the tunnels between them, the Direct Connect
 * links, and which route table prefers which link. Everything rendered, moved and watched follows from it.
 *
 * Every string is held to an allow-list here, so nothing from the file can break out of a config line further on.
 */

const NAME = /^[A-Za-z][A-Za-z0-9-]{0,30}$/;
const name = z
  .string()
  .regex(NAME, 'must be 1 to 31 letters, digits or "-", beginning with a letter')
  .meta({ id: 'name', description: 'A name used in rendered files: letters, digits and "-", at most 31.' });

/** What an editor can check by itself; the loader's own messages say more. `check.test.ts` holds the two together. */
const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ADDRESS_PATTERN = `^${OCTET}(\\.${OCTET}){3}$`;
const NETWORK_PATTERN = `^${OCTET}(\\.${OCTET}){3}/(3[0-2]|[12]?[0-9])$`;

const address = z
  .string()
  .refine((text) => addressNumber(text) !== undefined, 'is not an IPv4 address: write it like 172.16.1.157')
  .meta({ format: 'ipv4', pattern: ADDRESS_PATTERN });
/**
 * Emulators of the cloud hand out loopback addresses as Elastic IPs, and a site is tried against them before it is
 * built.
 */
const isLoopback = (text: string): boolean => text.startsWith('127.');
const publicAddress = address
  .refine(
    (text) => addressNumber(text) === undefined || isPublic(text) || isLoopback(text),
    'is a private address: use the public one (the Elastic IP, or what the internet sees)',
  )
  .meta({ format: 'ipv4', pattern: ADDRESS_PATTERN });
const privateAddress = address
  .refine(
    (text) => addressNumber(text) === undefined || !isPublic(text),
    'is a public address: use the private one (as the machine itself sees it)',
  )
  .meta({ format: 'ipv4', pattern: ADDRESS_PATTERN });

const network = z
  .string()
  .superRefine((text, context) => {
    const parsed = parseCidr(text);
    if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: parsed });
  })
  .meta({ pattern: NETWORK_PATTERN });

const awsId = (prefix: string, what: string, example: string) =>
  z.string().regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), `is not ${what}: it looks like ${example}`);
const vgwId = awsId('vgw', 'a virtual private gateway id', 'vgw-078bcc55');
const asn = z
  .int()
  .min(1)
  .max(4_294_967_294)
  // AS_TRANS stands for numbers of four bytes in front of old speakers (RFC 6793 §9): nobody's own.
  .refine((number) => number !== 23_456, 'is AS_TRANS, which is reserved (RFC 6793): use the number of your own');
const interfaceName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9/._-]{0,30}$/,
    'is not an interface name: letters, digits, "/", "." and "-", like GigabitEthernet1 or eth0',
  );

/** How a Linux gateway is configured. */
export const LINUX_DIALECTS = ['swanctl', 'ipsec-conf', 'libreswan', 'openswan'] as const;
/** How an on-prem router that is not Linux is configured. */
export const DEVICE_DIALECTS = ['ios-vti', 'ios-cryptomap', 'asa-8.2', 'asa-8.3', 'asa-9.7-vti'] as const;
export const DIALECTS = [...LINUX_DIALECTS, ...DEVICE_DIALECTS] as const;
export type LinuxDialect = (typeof LINUX_DIALECTS)[number];
export type DeviceDialect = (typeof DEVICE_DIALECTS)[number];
export type Dialect = (typeof DIALECTS)[number];

/**
 * How packets reach the tunnel on a Linux end: `xfrm` (kernel 4.19+, today's form), `vti` (the field document's), `tun`
 * (userspace ESP, one tunnel a host), `policy` (no interface: selectors decide, the OpenSwan document's form).
 */
export const INTERFACE_KINDS = ['xfrm', 'vti', 'tun', 'policy'] as const;
export type InterfaceKind = (typeof INTERFACE_KINDS)[number];

const linuxInterface = z.enum(INTERFACE_KINDS).default('xfrm').describe('How packets reach the tunnel on a Linux end.');

const gateway = z.strictObject({
  name,
  az: z.string().regex(/^[a-z0-9-]{1,40}$/, 'is not an availability zone: it looks like cn-north-1a'),
  private_ip: privateAddress.describe('Address of the network interface.'),
  public_ip: publicAddress.describe('The Elastic IP.'),
  released: z
    .literal(true)
    .optional()
    .describe('"vpn destroy" gave the Elastic IP back: "vpn init --apply" gets a new one.'),
  instance: awsId('i', 'an instance id', 'i-0430fe110cdec5835').optional(),
  eni: awsId('eni', 'a network interface id', 'eni-23fbd87a').optional(),
  dialect: z.enum(LINUX_DIALECTS).default('swanctl'),
  interface: linuxInterface,
  wan: interfaceName.default('eth0').describe('Interface that faces the internet.'),
});

const router = z
  .strictObject({
    name,
    public_ip: publicAddress.describe('Address the internet sees.'),
    private_ip: privateAddress.optional().describe('Own address where the router sits behind NAT.'),
    dialect: z.enum(DIALECTS).default('ios-vti'),
    interface: linuxInterface,
    wan: interfaceName
      .optional()
      .describe('Interface that faces the internet. Default: eth0 on Linux, else GigabitEthernet1.'),
    lan: interfaceName
      .optional()
      .describe('Interface that faces the office network. Default: eth1 on Linux, else GigabitEthernet2.'),
    lan_ip: address.optional().describe('Address on the office network.'),
    asn: asn
      .optional()
      .describe("BGP AS number, for Direct Connect and for tunnels to AWS's own end of a managed VPN."),
    router_id: address.optional().describe('OSPF and BGP router id.'),
    wan_prefix: z
      .int()
      .min(1)
      .max(32)
      .optional()
      .describe('Prefix length of the WAN address (PPPoE: 32); a crypto map file then carries the interface address.'),
    wan_mtu: z
      .int()
      .min(576)
      .max(1500)
      .optional()
      .describe('Largest packet, bytes, that the line to the internet carries: 1492 on PPPoE. Default: 1500.'),
    wan_next_hop: address
      .optional()
      .describe('Next hop of the default route; a crypto map file then carries that route.'),
    names: name
      .optional()
      .describe("What the names in the router's file begin with. Default: the site's name; at level legacy none."),
    sequence_base: z
      .int()
      .min(1)
      .max(9_000)
      .optional()
      .describe("First number of the router's ISAKMP policies and crypto map entries. Default: the tunnel's number."),
    crypto_map: name
      .optional()
      .describe(
        'Crypto map that is applied on the WAN interface already: the entries join it. Default: one of its own.',
      ),
    ospf_process: z
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .describe("OSPF process that the router runs already. Default: the first tunnel's number."),
  })
  .transform((box) => {
    const linux = LINUX_DIALECTS.some((dialect) => dialect === box.dialect);
    return {
      ...box,
      wan: box.wan ?? (linux ? 'eth0' : 'GigabitEthernet1'),
      lan: box.lan ?? (linux ? 'eth1' : 'GigabitEthernet2'),
    };
  });

/** How the two ends of a tunnel prove who they are. */
export const AUTHS = ['psk', 'cert'] as const;
export type Auth = (typeof AUTHS)[number];

const tunnel = z
  .strictObject({
    name,
    gateway: name,
    router: name,
    inside: network.describe('A /30 from 169.254.0.0/16; the router has the first address, the gateway the second.'),
    auth: z
      .enum(AUTHS)
      .default('psk')
      .describe('psk: a pre-shared key, the same at both ends; cert: certificates of the site\'s own CA ("vpn pki").'),
    psk_file: z
      .string()
      .regex(/^[A-Za-z0-9._/-]{1,200}$/, 'is not a plain path: letters, digits, ".", "_", "-" and "/"')
      .optional()
      .describe('File with the pre-shared key, mode 0600, relative to the site file. Not with auth: cert.'),
    mode: z
      .enum(['route', 'policy'])
      .default('route')
      .describe('route: one SA for everything, routes decide; policy: selectors are the networks of both sides.'),
    number: z
      .int()
      .min(10)
      .max(990)
      .multipleOf(10, 'must be a multiple of 10 (IP SLA and routing tables use a tenth of it)')
      .optional()
      .describe('Base for interface, key, track, SLA and policy numbers. Default: 100, then 110, …'),
    initiator: z
      .enum(['gateway', 'router'])
      .optional()
      .describe(
        'The end that begins and begins again; the other waits. router: where a NAT in front of it forwards nothing. Default: gateway.',
      ),
  })
  .superRefine(({ auth, psk_file }, context) => {
    if (auth === 'psk' && psk_file === undefined)
      context.addIssue({
        code: 'custom',
        path: ['psk_file'],
        message: 'names the file of the pre-shared key; with auth: cert there is none',
      });
  });

const KINDS = ['icmp', 'tcp', 'udp'] as const;
const port = z.int().min(1).max(65_535).optional().describe('For tcp and udp.');
const portFits = (
  { kind, port: given }: { readonly kind: (typeof KINDS)[number]; readonly port?: number | undefined },
  context: z.RefinementCtx,
): void => {
  if ((kind === 'icmp') !== (given === undefined))
    context.addIssue({
      code: 'custom',
      path: ['port'],
      message: kind === 'icmp' ? 'is for tcp and udp: leave it out' : `is needed for ${kind} probes`,
    });
};

const probe = z
  .strictObject({
    targets: z
      .array(address)
      .min(1)
      .max(8)
      .describe(
        'On-prem addresses that answer probes through this link; with two or more, one silent target is taken for its own fault.',
      ),
    kind: z.enum(KINDS).default('icmp'),
    port,
    rtt_ms: z
      .number()
      .min(0.1)
      .max(2_000)
      .optional()
      .describe('Expected round trip, for "route tune"; the monitor measures it.'),
    loss_percent: z
      .number()
      .min(0)
      .max(50)
      .optional()
      .describe('Expected ordinary loss, for "route tune"; the monitor measures it.'),
  })
  .superRefine(portFits)
  .optional()
  .describe('How the link is probed. Default: ICMP.');

const vpnLink = z.strictObject({ name, kind: z.literal('vpn'), tunnel: name, probe });
const dxLink = z.strictObject({
  name,
  kind: z.literal('dx'),
  router: name,
  connection: z
    .string()
    .regex(
      /^(dxcon-[0-9a-z]{8}|arn:aws[a-z-]*:directconnect:[A-Za-z0-9:/_-]{1,150})$/,
      'is not a Direct Connect connection id: it looks like dxcon-fg5678gh',
    )
    .optional()
    .describe('The connection; hybridctl dx vif needs it.'),
  vlan: z.int().min(1).max(4094).default(100),
  interface: interfaceName
    .optional()
    .describe('Router interface that carries the VLAN; the router file then has its subinterface.'),
  inside: network.describe('The /30 or /31 of the virtual interface.'),
  cloud_address: z
    .enum(['first', 'second'])
    .optional()
    .describe("Which of the two addresses is AWS's: first on interfaces that AWS or a partner made. Default: second."),
  cloud_asn: asn,
  role: z
    .enum(['active', 'standby'])
    .default('active')
    .describe('standby: AS path prepended out, local preference lowered in.'),
  bfd: z.boolean().default(true).describe('BFD at 300 ms x 3, the setting of Direct Connect.'),
  bgp_password_file: z
    .string()
    .regex(/^[A-Za-z0-9._/-]{1,200}$/, 'is not a plain path')
    .optional(),
  probe,
});

const destination = z.union([network, z.string().regex(/^pl-[0-9a-f]{8,17}$/, 'is not a prefix list id')], {
  error: 'is neither a network like 10.10.0.0/16 nor a prefix list id like pl-0123456789abcdef0',
});

const routeTableId = awsId('rtb', 'a route table id', 'rtb-468f5222');
const routeTable = z.strictObject({
  id: routeTableId,
  name,
  az: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'is not an availability zone')
    .optional(),
  subnets: z.array(network).default([]).describe('Subnets associated with the table; the lab builds them.'),
  destinations: z.array(destination).min(1).optional().describe('Default: the on-prem networks.'),
  links: z.array(name).min(1).describe('Links in order of preference.'),
  mode: z
    .enum(['replace', 'override'])
    .default('replace')
    .describe(
      'replace: one static route is moved; override: a static route is made over the propagated one and deleted to return.',
    ),
});

const canary = z.union(
  [
    address.transform((given) => ({ address: given, kind: 'icmp' as const, port: undefined })),
    z.strictObject({ address, kind: z.enum(KINDS).default('icmp'), port }).superRefine(portFits),
  ],
  {
    error:
      'is neither an IPv4 address, like 172.16.11.10, nor an address with kind and port, like { address: 172.16.0.2, kind: tcp, port: 53 }',
  },
);

const monitor = z.strictObject({
  profile: z
    .enum([...PROFILE_NAMES, OLD_SPELLING_OF_LEGACY])
    .default('default')
    .transform((given) => (given === OLD_SPELLING_OF_LEGACY ? 'legacy' : given))
    .describe(
      'fast: a probe every 20 ms; default: every 100 ms; legacy: rounds of three pings. seed: the old spelling of legacy.',
    ),
  budget: z
    .number()
    .min(0.01)
    .max(1_000)
    .default(DEFAULT_BUDGET)
    .describe('False failovers a year and link that are acceptable.'),
  records: recordsSchema.optional(),
  canaries: z
    .array(canary)
    .min(1)
    .max(8)
    .optional()
    .describe(
      "Hosts of the VPC that always answer, a ping or what kind and port say (the DNS resolver: tcp, 53); while none does, the monitor doubts itself and moves nothing. On a gateway (--self) those in the other gateways' zones count: name two or more in each zone.",
    ),
  relay_port: z
    .int()
    .min(1_024)
    .max(65_000)
    .default(RELAY_PORT)
    .describe(
      "TCP port of a gateway's private address behind which the far end of its first tunnel answers; the next tunnel has the next port.",
    ),
});

export const siteSchema = z
  .strictObject({
    version: z.literal(1),
    site: name.describe('Name of the site, in alerts and tags.'),
    folder: name
      .optional()
      .describe(
        'Where several sites share one folder: the rendered files, keys and certificates of this one lie in rendered/<folder>, psk/<folder> and pki/<folder>. Default: rendered and psk.',
      ),
    crypto: z
      .enum([...CRYPTO_LEVELS, OLD_SPELLING_OF_LEGACY])
      .default('modern')
      .transform((given) => (given === OLD_SPELLING_OF_LEGACY ? 'legacy' : given))
      .describe(
        'legacy: for old boxes, weak; modern: IKEv2, AES-GCM; cnsa: AES-256-GCM, SHA-384, DH 20. seed: the old spelling of legacy.',
      ),
    cloud: z.strictObject({
      provider: z.literal('aws').default('aws'),
      region: z.string().regex(REGION, 'is not a region: it looks like cn-north-1'),
      cidr: network.describe('CIDR of the VPC.'),
      vpc: awsId('vpc', 'a VPC id', 'vpc-0123456789abcdef0').optional(),
      vgw: vgwId.optional().describe('Virtual private gateway, for Direct Connect.'),
      propagate: z
        .array(routeTableId)
        .min(1)
        .optional()
        .describe(
          'Route tables that take what the virtual private gateway of a managed VPN learns, beside route_tables.',
        ),
      networks: z
        .array(network)
        .optional()
        .describe(
          'Networks offered to the office: parts of the VPC CIDR, and secondary CIDRs of the VPC. Default: the VPC CIDR.',
        ),
    }),
    gateways: z
      .array(gateway)
      .describe('Gateways of your own, on instances. None: AWS\'s, by "vpn init --apply --gateway aws".'),
    onprem: z.strictObject({
      networks: z.array(network).min(1),
      routers: z.array(router).min(1),
    }),
    tunnels: z.array(tunnel),
    links: z.array(z.discriminatedUnion('kind', [vpnLink, dxLink], { error: 'is not a kind of link: use vpn or dx' })),
    route_tables: z.array(routeTable).default([]),
    monitor: monitor.optional().describe('How "route monitor" judges the links.'),
  })
  .meta({
    title: 'hybridctl site file',
    description: 'https://json-schema.org/draft/2020-12 schema of hybridctl.yaml',
  });

export type Site = z.output<typeof siteSchema>;
export type SiteInput = z.input<typeof siteSchema>;
export type Gateway = Site['gateways'][number];
export type Router = Site['onprem']['routers'][number];
export type TunnelEntry = Site['tunnels'][number];
/** The file of a tunnel's pre-shared key; undefined where its ends have certificates. */
export const pskFileOf = ({ auth, psk_file }: Pick<TunnelEntry, 'auth' | 'psk_file'>): string | undefined =>
  auth === 'psk' ? psk_file : undefined;
export type Link = Site['links'][number];
export type DxLink = Extract<Link, { kind: 'dx' }>;
export type VpnLink = Extract<Link, { kind: 'vpn' }>;
export type Canary = NonNullable<NonNullable<Site['monitor']>['canaries']>[number];
export type SiteRouteTable = Site['route_tables'][number];

/** A mistake in the site file: where (a path like `tunnels.0.inside`), what, and the fix. */
export interface SiteIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
