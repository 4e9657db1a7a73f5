import { XMLParser } from 'fast-xml-parser';
import { api, type Input, type Output } from '../../core/aws.ts';
import { unlessAbsent } from '../../core/errors.ts';
import type { Difference, ReadContext, Step } from '../../core/procedure.ts';
import { addressText, cidr } from '../../domain/cidr.ts';
import { ENDS, type EndFacts, type EndNumber, type TunnelRules } from '../../domain/managed-vpn.ts';
import { filtersOf, oursIn, tagsOf } from '../../domain/tags.ts';
import { part, resource } from '../kit/resource.ts';

export interface VpnConnection {
  /** Of the router: the step is `vpn-connection/rtr-1`; it rests on `customer-gateway/rtr-1` and `vgw`. */
  readonly name: string;
  readonly rules: TunnelRules;
  /** Of the two tunnels; the inside network is asked for, and what AWS says in the end counts. */
  readonly ends: readonly { readonly inside: string; readonly key: string }[];
  /** How AWS learns the networks behind the router: it is told each (static), or hears them. */
  readonly routing: { readonly by: 'static'; readonly networks: readonly string[] } | { readonly by: 'bgp' };
}

type Described = NonNullable<Output<'ec2', 'DescribeVpnConnections'>['VpnConnections']>[number];
type Told = NonNullable<NonNullable<Described['Options']>['TunnelOptions']>[number];
type Options = NonNullable<Input<'ec2', 'ModifyVpnTunnelOptions'>['TunnelOptions']>;

/** AWS takes some five minutes to make one, and as long to remove it or to replace a tunnel. */
const TIMEOUT_MS = 900_000;

const keyOf = (name: string): string => `vpn-connection/${name}`;
/** Slots of what AWS chose: `vpn-connection/rtr-1/outside-1`. */
export const factSlot = (name: string, what: keyof EndFacts, end: EndNumber): string => `${keyOf(name)}/${what}-${end}`;

/** The end starts, as a gateway of one's own does: exactly one of the two may (AWS does it in IKEv2 alone). */
const optionsOf = (
  { encryption, integrity, dh, ike, phase1Lifetime, phase2Lifetime, dpdTimeout }: TunnelRules,
  key: string,
) =>
  ({
    PreSharedKey: key,
    Phase1EncryptionAlgorithms: [{ Value: encryption }],
    Phase2EncryptionAlgorithms: [{ Value: encryption }],
    Phase1IntegrityAlgorithms: [{ Value: integrity }],
    Phase2IntegrityAlgorithms: [{ Value: integrity }],
    Phase1DHGroupNumbers: [{ Value: dh }],
    Phase2DHGroupNumbers: [{ Value: dh }],
    IKEVersions: [{ Value: ike }],
    Phase1LifetimeSeconds: phase1Lifetime,
    Phase2LifetimeSeconds: phase2Lifetime,
    DPDTimeoutSeconds: dpdTimeout,
    DPDTimeoutAction: 'restart',
    StartupAction: 'start',
  }) satisfies Options;

/** What it has and should not; the key itself is never shown. */
const differencesOf = (told: Told, wanted: ReturnType<typeof optionsOf>): readonly Difference[] => {
  const text = (value: unknown): string =>
    Array.isArray(value)
      ? value
          .map((item: { Value?: unknown }) => String(item.Value))
          .sort()
          .join(', ')
      : String(value ?? '');
  const has: Readonly<Record<string, unknown>> = {
    ...told,
    IKEVersions: told.IkeVersions,
    DPDTimeoutSeconds: told.DpdTimeoutSeconds,
    DPDTimeoutAction: told.DpdTimeoutAction,
  };
  return Object.entries(wanted).flatMap(([field, value]) => {
    if (field === 'PreSharedKey')
      return told.PreSharedKey === undefined || told.PreSharedKey === value ? [] : [{ field: 'pre-shared key' }];
    return text(has[field]) === text(value)
      ? []
      : [{ field, is: text(has[field]) || 'whatever the peer offers', wanted: text(value) }];
  });
};

interface Side {
  readonly tunnel_outside_address?: { readonly ip_address?: string };
  readonly tunnel_inside_address?: { readonly ip_address?: string };
}

/** The ends in the document that AWS writes for the router: needed where the answer has it and no tunnel options. */
const factsIn = (configuration: string): readonly EndFacts[] => {
  const parsed = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'ipsec_tunnel' }).parse(
    configuration,
  ) as { vpn_connection?: { ipsec_tunnel?: readonly { vpn_gateway?: Side }[] } };
  return (parsed.vpn_connection?.ipsec_tunnel ?? []).flatMap(({ vpn_gateway: side }) => {
    const [outside, inside] = [side?.tunnel_outside_address?.ip_address, side?.tunnel_inside_address?.ip_address];
    return outside === undefined || inside === undefined
      ? []
      : [{ outside, inside: `${addressText(cidr(`${inside}/32`).first - 1)}/30` }];
  });
};

/** Tunnels in our order, known by their inside networks; where AWS has others, in its own. */
const inOrder = <T>(
  items: readonly T[],
  inside: (item: T) => string | undefined,
  { ends }: VpnConnection,
): readonly T[] => {
  const ours = ends.map((end) => items.find((item) => inside(item) === end.inside));
  return ours.length > 0 && ours.every((item) => item !== undefined) ? (ours as readonly T[]) : items;
};

const factsOf = (described: Described, spec: VpnConnection): readonly EndFacts[] => {
  const told = (described.Options?.TunnelOptions ?? []).flatMap(
    ({ OutsideIpAddress: outside, TunnelInsideCidr: inside }) =>
      outside === undefined || inside === undefined ? [] : [{ outside, inside }],
  );
  return inOrder(
    told.length > 0 ? told : factsIn(described.CustomerGatewayConfiguration ?? ''),
    ({ inside }) => inside,
    spec,
  );
};

/** One that is being deleted still holds its gateways, for minutes. */
const leaving = ({ State }: Described): boolean => State === 'deleting';

const describe = async (
  { aws }: Pick<ReadContext, 'aws'>,
  asked: Input<'ec2', 'DescribeVpnConnections'>,
): Promise<readonly Described[]> =>
  ((await unlessAbsent(aws.ask('ec2', 'DescribeVpnConnections', asked)))?.VpnConnections ?? [])
    .filter(({ State }) => State !== 'deleted')
    .sort((a, b) => Number(leaving(a)) - Number(leaving(b)));

const networksOf = ({ routing }: VpnConnection): readonly string[] => (routing.by === 'static' ? routing.networks : []);

/** A managed connection, its two tunnels held to `rules`, and, where routes are static, one to each on-prem network. */
export const vpnConnection = (site: string, spec: VpnConnection): readonly Step[] => [
  connection(site, spec),
  ...ENDS.map((end) => tunnel(spec, end)),
  ...networksOf(spec).map((network) => route(spec, network)),
];

const ROUTING = { static: 'static', bgp: 'by BGP' } as const;

/** Routes of it that are there, by their networks. */
const routesOf = ({ Routes = [] }: Described): readonly string[] =>
  Routes.flatMap(({ DestinationCidrBlock: network, State }) =>
    network === undefined || State === 'deleted' || State === 'deleting' ? [] : [network],
  );

const connection = (site: string, spec: VpnConnection): Step => {
  const { name, rules, ends, routing } = spec;
  const key = keyOf(name);
  const networks = networksOf(spec);
  const [customer, gateway] = [`customer-gateway/${name}`, 'vgw'];
  const outputs = (is: Described): Record<string, string> => {
    const facts = factsOf(is, spec);
    if (facts.length !== ENDS.length) return {};
    return Object.fromEntries(
      ENDS.flatMap((end, index) => [
        [factSlot(name, 'outside', end), facts[index]!.outside],
        [factSlot(name, 'inside', end), facts[index]!.inside],
      ]),
    );
  };
  return resource<Described>(site, {
    key,
    title: `VPN connection of ${name}`,
    cost: 'a VPN connection, by the hour, and its traffic',
    timeoutMs: TIMEOUT_MS,
    kind: 'VPN connection',
    byId: async (context, id) => (await describe(context, { VpnConnectionIds: [id] }))[0],
    byTags: async (context) => oursIn(await describe(context, { Filters: filtersOf(site, key) }), site, key),
    async byName(context) {
      const { values } = context;
      if (!values.has(customer) || !values.has(gateway)) return undefined;
      // Between two gateways there is one: AWS would answer with it and make none.
      const Filters = [
        { Name: 'customer-gateway-id', Values: [values(customer)] },
        { Name: 'vpn-gateway-id', Values: [values(gateway)] },
      ];
      return (await describe(context, { Filters })).find((one) => !leaving(one));
    },
    leaving,
    id: ({ VpnConnectionId }) => VpnConnectionId!,
    tags: ({ Tags }) => Tags,
    outputs,
    notes(is) {
      const others = routesOf(is).filter((network) => !networks.includes(network));
      return others.length === 0 || networks.length === 0 ? [] : [`also leads to ${others.join(', ')}`];
    },
    pending(is) {
      if (leaving(is)) return 'is being deleted';
      if (is.State === 'pending') return 'is pending';
      return Object.keys(outputs(is)).length === 0 ? 'does not tell the addresses of its tunnels' : undefined;
    },
    diff({ Options }) {
      const isStatic = Options?.StaticRoutesOnly ?? routing.by === 'static';
      const by = isStatic ? 'static' : 'bgp';
      return by === routing.by
        ? []
        : [
            {
              field: 'routing',
              is: ROUTING[by],
              wanted: `${ROUTING[routing.by]}, for ${name} ${routing.by === 'bgp' ? 'has an' : 'has no'} AS number`,
              fixable: false,
            },
          ];
    },
    create: (values) => [
      api(
        'ec2',
        'CreateVpnConnection',
        {
          Type: 'ipsec.1',
          CustomerGatewayId: values(customer),
          VpnGatewayId: values(gateway),
          Options: {
            StaticRoutesOnly: routing.by === 'static',
            TunnelOptions: ends.map(({ inside, key: psk }) => ({
              TunnelInsideCidr: inside,
              ...optionsOf(rules, psk),
            })),
          },
          TagSpecifications: [{ ResourceType: 'vpn-connection', Tags: tagsOf(site, key) }],
        },
        ENDS.map((end) => `Options.TunnelOptions.${end - 1}.PreSharedKey`),
      ),
    ],
    idPath: 'VpnConnection.VpnConnectionId',
    after: (values) => [waitFor(values(key))],
    delete: (_values, id) => [api('ec2', 'DeleteVpnConnection', { VpnConnectionId: id })],
  });
};

const waitFor = (id: string): string => `aws ec2 wait vpn-connection-available --vpn-connection-ids ${id}`;

const one = async (context: ReadContext, name: string): Promise<Described | undefined> =>
  (await describe(context, { VpnConnectionIds: [context.values(keyOf(name))] }))[0];

/** One of the two tunnels of a connection, as AWS tells of it. */
interface TunnelFound {
  readonly state: string | undefined;
  readonly options: Told | undefined;
  readonly outside: string;
}

/**
 * A tunnel's options, changed by themselves: ModifyVpnTunnelOptions takes down one tunnel, ModifyVpnConnectionOptions
 * both, and the second is not touched before the first is back. Those of an adopted connection are only told.
 */
const tunnel = (spec: VpnConnection, end: EndNumber): Step => {
  const wanted = optionsOf(spec.rules, spec.ends[end - 1]?.key ?? '');
  return part<TunnelFound>({
    key: `vpn-tunnel/${spec.name}/${end}`,
    title: `Tunnel ${end} of ${spec.name}`,
    parent: keyOf(spec.name),
    lacking: 'tell',
    timeoutMs: TIMEOUT_MS,
    async read(context) {
      const described = await one(context, spec.name);
      if (described === undefined) return undefined;
      const options = inOrder(described.Options?.TunnelOptions ?? [], ({ TunnelInsideCidr }) => TunnelInsideCidr, spec)[
        end - 1
      ];
      const outside = options?.OutsideIpAddress ?? context.values(factSlot(spec.name, 'outside', end));
      return { state: described.State, options, outside };
    },
    id: ({ outside }) => outside,
    pending: ({ state }) => (state === 'available' ? undefined : `the connection is ${state}`),
    notes: ({ options }) => (options === undefined ? ['its options are not told'] : []),
    diff: ({ options }) => (options === undefined ? [] : differencesOf(options, wanted)),
    // It comes with the connection.
    create: () => [],
    after: (values) => [waitFor(values(keyOf(spec.name)))],
    update: (values, { outside }) => [
      api(
        'ec2',
        'ModifyVpnTunnelOptions',
        { VpnConnectionId: values(keyOf(spec.name)), VpnTunnelOutsideIpAddress: outside, TunnelOptions: wanted },
        ['TunnelOptions.PreSharedKey'],
      ),
    ],
  });
};

/** No deletion: it goes with its connection. */
const route = (spec: VpnConnection, network: string): Step =>
  part<string>({
    key: `vpn-route/${spec.name}/${network.replace('/', '-')}`,
    title: `Route to ${network} over ${spec.name}`,
    parent: keyOf(spec.name),
    async read(context) {
      const described = await one(context, spec.name);
      return described && routesOf(described).find((there) => there === network);
    },
    id: () => network,
    create: (values) => [
      api('ec2', 'CreateVpnConnectionRoute', {
        VpnConnectionId: values(keyOf(spec.name)),
        DestinationCidrBlock: network,
      }),
    ],
  });
