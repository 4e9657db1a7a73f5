import { XMLParser } from 'fast-xml-parser';
import { api, type Input, type Output } from '../../core/aws.ts';
import { failure } from '../../core/errors.ts';
import type { Existing, ReadResult, Step, ReadContext } from '../../core/procedure.ts';
import { addressText, cidr } from '../../domain/cidr.ts';
import { ENDS, type EndFacts, type EndNumber, type TunnelRules } from '../../domain/managed-vpn.ts';
import { filtersOf, isOurs, oursIn, tagsOf } from '../../domain/tags.ts';

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
const PATIENCE_MS = 900_000;

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

/** What it has and should not, a few words each; the key is never among them. */
const differencesOf = (told: Told, wanted: ReturnType<typeof optionsOf>): readonly string[] => {
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
      return told.PreSharedKey === undefined || told.PreSharedKey === value ? [] : ['it has another key'];
    return text(has[field]) === text(value)
      ? []
      : [`${field} is ${text(has[field]) || 'whatever the peer offers'}, should be ${text(value)}`];
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
  ((await aws.ask('ec2', 'DescribeVpnConnections', asked)).VpnConnections ?? [])
    .filter(({ State }) => State !== 'deleted')
    .sort((a, b) => Number(leaving(a)) - Number(leaving(b)));

const networksOf = ({ routing }: VpnConnection): readonly string[] => (routing.by === 'static' ? routing.networks : []);

/** A managed connection, its two tunnels held to `rules`, and, where routes are static, one to each on-prem network. */
export const vpnConnection = (site: string, spec: VpnConnection): readonly Step[] => [
  connection(site, spec),
  ...ENDS.map((end) => tunnel(site, spec, end)),
  ...networksOf(spec).map((network) => route(spec, network)),
];

const ROUTED = { static: 'has static routes', bgp: 'routes by BGP' } as const;

const connection = (site: string, spec: VpnConnection): Step => {
  const key = keyOf(spec.name);
  const networks = networksOf(spec);
  const { by } = spec.routing;
  return {
    key,
    title: `VPN connection of ${spec.name}`,
    cost: 'a VPN connection, by the hour, and its traffic',
    timeoutMs: PATIENCE_MS,
    async read(context): Promise<ReadResult> {
      const { adopted, values } = context;
      const id = adopted.get(key);
      const [customer, gateway] = [`customer-gateway/${spec.name}`, 'vgw'];
      const [first, ...surplus] =
        id === undefined
          ? oursIn(await describe(context, { Filters: filtersOf(site, key) }), site, key)
          : await describe(context, { VpnConnectionIds: [id] });
      if (first === undefined) {
        if (id !== undefined)
          throw failure(`there is no VPN connection ${id}`, {
            field: '--adopt',
            next: 'correct the id, or leave it out to have one made',
          });
        if (!values.has(customer) || !values.has(gateway)) return { state: 'absent' };
        // Between two gateways there is one: AWS would answer with it and make none.
        const [other] = await describe(context, {
          Filters: [
            { Name: 'customer-gateway-id', Values: [values(customer)] },
            { Name: 'vpn-gateway-id', Values: [values(gateway)] },
          ],
        });
        // Our own, whose tags lag: the next look finds it.
        if (other !== undefined && !leaving(other) && !isOurs(other.Tags, site, key))
          throw failure(`the VPN connection ${other.VpnConnectionId} is there and is not hybridctl's`, {
            field: key,
            next: `remove it, or say --adopt ${key}=${other.VpnConnectionId} to use it`,
          });
        return { state: 'absent' };
      }
      const facts = factsOf(first, spec);
      const told =
        facts.length === ENDS.length
          ? ENDS.flatMap((end, index) => [
              [factSlot(spec.name, 'outside', end), facts[index]!.outside],
              [factSlot(spec.name, 'inside', end), facts[index]!.inside],
            ])
          : [];
      const others = (first.Routes ?? []).flatMap(({ DestinationCidrBlock: network, State }) =>
        network === undefined || State === 'deleted' || State === 'deleting' || networks.includes(network)
          ? []
          : [network],
      );
      const found: Existing = {
        id: first.VpnConnectionId!,
        owned: isOurs(first.Tags, site, key),
        outputs: Object.fromEntries(told) as Record<string, string>,
        surplus: surplus.filter((other) => !leaving(other)).map(({ VpnConnectionId }) => VpnConnectionId!),
        notes: others.length === 0 || networks.length === 0 ? [] : [`also leads to ${others.join(', ')}`],
      };
      if (leaving(first)) return { state: 'pending', found, why: 'is being deleted' };
      if (first.State === 'pending' || told.length === 0)
        return {
          state: 'pending',
          found,
          why: first.State === 'pending' ? 'is pending' : 'does not tell the addresses of its tunnels',
        };
      const does =
        first.Options?.StaticRoutesOnly === undefined ? by : first.Options.StaticRoutesOnly ? 'static' : 'bgp';
      if (does !== by)
        return {
          state: 'differs',
          found,
          differences: [`it ${ROUTED[does]}, and ${spec.name} ${by === 'bgp' ? 'has an' : 'has no'} AS number`],
        };
      return { state: 'ready', found };
    },
    create: (values) => [
      api(
        'ec2',
        'CreateVpnConnection',
        {
          Type: 'ipsec.1',
          CustomerGatewayId: values(`customer-gateway/${spec.name}`),
          VpnGatewayId: values('vgw'),
          Options: {
            StaticRoutesOnly: by === 'static',
            TunnelOptions: spec.ends.map(({ inside, key: psk }) => ({
              TunnelInsideCidr: inside,
              ...optionsOf(spec.rules, psk),
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
  };
};

const waitFor = (id: string): string => `aws ec2 wait vpn-connection-available --vpn-connection-ids ${id}`;

const one = async (context: ReadContext, name: string): Promise<Described | undefined> =>
  (await describe(context, { VpnConnectionIds: [context.values(keyOf(name))] }))[0];

/**
 * A tunnel's options, mended by themselves: ModifyVpnTunnelOptions takes down one tunnel, ModifyVpnConnectionOptions
 * both,
 * and the second is not touched before the first is back.
 */
const tunnel = (site: string, spec: VpnConnection, end: EndNumber): Step => {
  const wanted = optionsOf(spec.rules, spec.ends[end - 1]?.key ?? '');
  return {
    key: `vpn-tunnel/${spec.name}/${end}`,
    title: `Tunnel ${end} of ${spec.name}`,
    needs: [keyOf(spec.name)],
    timeoutMs: PATIENCE_MS,
    async read(context) {
      const described = await one(context, spec.name);
      if (described === undefined) return { state: 'absent' };
      const told = inOrder(described.Options?.TunnelOptions ?? [], ({ TunnelInsideCidr }) => TunnelInsideCidr, spec)[
        end - 1
      ];
      const found: Existing = {
        id: told?.OutsideIpAddress ?? context.values(factSlot(spec.name, 'outside', end)),
        owned: isOurs(described.Tags, site, keyOf(spec.name)),
      };
      if (described.State !== 'available')
        return { state: 'pending', found, why: `the connection is ${described.State}` };
      if (told === undefined) return { state: 'ready', found: { ...found, notes: ['its options are not told'] } };
      const differences = differencesOf(told, wanted);
      // An adopted connection is used as it is.
      if (!found.owned) return { state: 'ready', found: { ...found, notes: differences } };
      return differences.length === 0 ? { state: 'ready', found } : { state: 'differs', found, differences };
    },
    // It comes with the connection.
    create: () => [],
    after: (values) => [waitFor(values(keyOf(spec.name)))],
    update: (values, { id }) => [
      api(
        'ec2',
        'ModifyVpnTunnelOptions',
        { VpnConnectionId: values(keyOf(spec.name)), VpnTunnelOutsideIpAddress: id, TunnelOptions: wanted },
        ['TunnelOptions.PreSharedKey'],
      ),
    ],
  };
};

const route = (spec: VpnConnection, network: string): Step => ({
  key: `vpn-route/${spec.name}/${network.replace('/', '-')}`,
  title: `Route to ${network} over ${spec.name}`,
  needs: [keyOf(spec.name)],
  async read(context) {
    const there = (await one(context, spec.name))?.Routes?.find(
      ({ DestinationCidrBlock, State }) =>
        DestinationCidrBlock === network && State !== 'deleted' && State !== 'deleting',
    );
    return there === undefined ? { state: 'absent' } : { state: 'ready', found: { id: network, owned: true } };
  },
  create: (values) => [
    api('ec2', 'CreateVpnConnectionRoute', {
      VpnConnectionId: values(keyOf(spec.name)),
      DestinationCidrBlock: network,
    }),
  ],
  // No `drop`: it goes with its connection.
});
