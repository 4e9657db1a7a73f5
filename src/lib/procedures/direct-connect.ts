import { api, type Aws, type Output } from '../core/aws.ts';
import { failure, unlessAbsent, usageError } from '../core/errors.ts';
import type { Difference, Existing, ReadResult, Step } from '../core/procedure.ts';
import { dxSession } from '../domain/direct-connect.ts';
import type { DxLink, Site } from '../domain/site.ts';
import { isOurs, tagsOf, type Tag } from '../domain/tags.ts';
import { routePropagation } from './aws/vpn-gateway.ts';
import { inWords } from './kit/words.ts';

type Connection = NonNullable<Output<'directconnect', 'DescribeConnections'>['connections']>[number];
type Vif = NonNullable<Output<'directconnect', 'DescribeVirtualInterfaces'>['virtualInterfaces']>[number];

/** A connection of a partner takes minutes until the far end is patched through; a virtual interface about one. */
const PATIENCE_MS = 900_000;
/** Jumbo frames are for those who ask the whole path for them: 1500 is what every private virtual interface carries. */
const MTU = 1_500;

/** A link with all that its virtual interface needs. */
export interface VifLink {
  readonly link: DxLink & { readonly connection: string };
  readonly gateway: string;
  readonly asn: number;
  /** undefined: Direct Connect makes one, and `dx vif key` takes it from there. */
  readonly password: string | undefined;
}

/** @throws a usage error for what the site file lacks. */
export const vifLinkOf = (site: Site, name: string | undefined, passwords: ReadonlyMap<string, string>): VifLink => {
  const links = site.links.filter((link) => link.kind === 'dx');
  const link = name === undefined && links.length === 1 ? links[0] : links.find((one) => one.name === name);
  if (link === undefined) {
    throw usageError(
      name === undefined
        ? `the site has ${links.length} Direct Connect links`
        : `no Direct Connect link is called ${name.slice(0, 40)}`,
      {
        field: 'link',
        next:
          links.length === 0
            ? 'add one to the site file, kind: dx'
            : `name one of ${links.map((one) => one.name).join(', ')}`,
      },
    );
  }
  const { connection } = link;
  const router = site.onprem.routers.find((one) => one.name === link.router);
  const field = `links.${link.name}`;
  if (connection === undefined)
    throw usageError('the link has no connection', {
      field: `${field}.connection`,
      next: 'give the id that the partner named, like connection: dxcon-fg5678gh',
    });
  if (site.cloud.vgw === undefined)
    throw usageError('the site has no virtual private gateway', {
      field: 'cloud.vgw',
      next: 'give the id of the gateway that is attached to the VPC',
    });
  if (router?.asn === undefined)
    throw usageError(`${link.router} has no BGP AS number`, {
      field: `onprem.routers.${link.router}.asn`,
      next: 'give it one, like asn: 65010',
    });
  return {
    link: { ...link, connection },
    gateway: site.cloud.vgw,
    asn: router.asn,
    password: passwords.get(link.name),
  };
};

const connectionNamed = async (aws: Aws, id: string): Promise<Connection> => {
  const found = (await unlessAbsent(aws.ask('directconnect', 'DescribeConnections', { connectionId: id })))
    ?.connections?.[0];
  if (found === undefined)
    throw failure(`there is no connection ${id} in ${aws.region}`, {
      field: 'connection',
      next: 'ask the partner for its id, and whether it was made for this account and region; one that was made just now may take some minutes to show',
    });
  return found;
};

/** A partner's hosted connection, accepted: from then on its port is paid for. */
const connection = ({ link }: VifLink): Step => ({
  key: `dxcon/${link.name}`,
  title: `Connection of ${link.name}`,
  cost: 'a Direct Connect port, by the hour from its acceptance on',
  async read({ aws }): Promise<ReadResult> {
    const { connectionId, connectionState, vlan } = await connectionNamed(aws, link.connection);
    const found: Existing = { id: connectionId!, owned: false };
    switch (connectionState) {
      case 'ordering':
        return { state: 'differs', found, differences: [AWAITS] };
      case 'requested':
      case 'pending':
        return { state: 'pending', found, why: `the connection is ${connectionState}` };
      case 'available':
      case 'down':
        // A hosted connection has one VLAN, the partner's.
        return vlan === undefined || vlan === 0 || vlan === link.vlan
          ? { state: 'ready', found }
          : {
              state: 'differs',
              found,
              differences: [
                {
                  field: 'VLAN',
                  is: String(vlan),
                  wanted: `${link.vlan}, as in the site file`,
                  fixable: false,
                  next: "take the connection's VLAN into the site file, and render the router's files again",
                },
              ],
            };
      default:
        throw failure(`connection ${link.connection} is ${connectionState ?? 'in no known state'}`, {
          next: 'ask the partner for a new one, and put its id into the site file',
        });
    }
  },
  create: () => [],
  update: (_values, { id }) => [api('directconnect', 'ConfirmConnection', { connectionId: id })],
  after: () => [
    `until [ "$(aws directconnect describe-connections --connection-id ${link.connection} --query 'connections[0].connectionState' --output text)" = available ]; do sleep 10; done`,
  ],
  timeoutMs: PATIENCE_MS,
});

const dxTags = (site: string, key: string): { key: string; value: string }[] =>
  tagsOf(site, key).map(({ Key, Value }) => ({ key: Key, value: Value }));
const capital = (tags: Vif['tags']): Tag[] => (tags ?? []).map(({ key, value }) => ({ Key: key!, Value: value ?? '' }));

/** The private virtual interface, made here, or made by the connection's owner for this account and accepted here. */
const virtualInterface = (site: string, { link, gateway, asn, password }: VifLink): Step => {
  const key = `vif/${link.name}`;
  const session = dxSession(link);
  return {
    key,
    title: `Virtual interface of ${link.name}`,
    needs: [`dxcon/${link.name}`],
    async read({ aws }): Promise<ReadResult> {
      const { virtualInterfaces = [] } = await aws.ask('directconnect', 'DescribeVirtualInterfaces', {
        connectionId: link.connection,
      });
      const living = virtualInterfaces.filter(
        ({ virtualInterfaceState: now, vlan }) =>
          vlan === link.vlan && now !== 'deleted' && now !== 'deleting' && now !== 'rejected',
      );
      const [vif] = living;
      if (vif === undefined) return { state: 'absent' };
      const found: Existing = { id: vif.virtualInterfaceId!, owned: isOurs(capital(vif.tags), site, key) };
      if (vif.virtualInterfaceState === 'confirming') return { state: 'differs', found, differences: [AWAITS] };
      const fields: readonly (readonly [field: string, is: unknown, wanted: string])[] = [
        ['AS number', vif.asnLong ?? vif.asn, String(asn)],
        ['gateway', vif.virtualGatewayId, gateway],
        ['customer address', vif.customerAddress, session.customer],
        ['Amazon address', vif.amazonAddress, session.amazon],
      ];
      const differences = fields.flatMap(([field, is, wanted]): readonly Difference[] => {
        const text = is === undefined || is === '' ? 'none' : String(is);
        return text === wanted ? [] : [{ field, is: text, wanted, fixable: false, next: NOT_IN_PLACE }];
      });
      if (differences.length > 0) return { state: 'differs', found, differences };
      const pending = ['pending', 'verifying', 'unknown'].includes(vif.virtualInterfaceState ?? 'unknown');
      return pending
        ? { state: 'pending', found, why: `the virtual interface is ${vif.virtualInterfaceState}` }
        : { state: 'ready', found };
    },
    create: (values) => [
      api(
        'directconnect',
        'CreatePrivateVirtualInterface',
        {
          connectionId: values(`dxcon/${link.name}`),
          newPrivateVirtualInterface: {
            virtualInterfaceName: `${site}-${link.name}`,
            vlan: link.vlan,
            ...(asn > LARGEST_ASN ? { asnLong: asn } : { asn }),
            mtu: MTU,
            addressFamily: 'ipv4',
            amazonAddress: session.amazon,
            customerAddress: session.customer,
            virtualGatewayId: gateway,
            ...(password === undefined ? {} : { authKey: password }),
            tags: dxTags(site, key),
          },
        },
        password === undefined ? [] : ['newPrivateVirtualInterface.authKey'],
      ),
    ],
    idPath: 'virtualInterfaceId',
    update: (_values, { id }) => [
      api('directconnect', 'ConfirmPrivateVirtualInterface', { virtualInterfaceId: id, virtualGatewayId: gateway }),
    ],
    delete: (_values, id) => [api('directconnect', 'DeleteVirtualInterface', { virtualInterfaceId: id })],
    timeoutMs: PATIENCE_MS,
  };
};

/** Of the API's field `asn`; larger numbers go into `asnLong` (API reference, NewPrivateVirtualInterface). */
const LARGEST_ASN = 2_147_483_646;

const AWAITS: Difference = { field: 'state', is: 'waiting for acceptance' };
const NOT_IN_PLACE =
  'correct the site file, or delete the interface and run this again: BGP sessions are not changed in place';

/**
 * What awaits a yes: the connection, and an interface that its owner made for this account. An interface that is not
 * there is no business of an acceptance.
 */
export const acceptSteps = (site: Site, vif: VifLink): readonly Step[] => {
  const made = virtualInterface(site.site, vif);
  return [
    connection(vif),
    {
      ...made,
      read: async (context) => {
        const look = await made.read(context);
        return look.state === 'absent' ? { state: 'ready', found: { id: '-', owned: false } } : look;
      },
    },
  ];
};

/** All of it: connection, virtual interface, and the tables that follow it. */
export const vifSteps = (site: Site, vif: VifLink): readonly Step[] => [
  connection(vif),
  virtualInterface(site.site, vif),
  ...site.route_tables
    .filter(({ links }) => links.includes(vif.link.name))
    .map((table) => routePropagation(site.site, () => vif.gateway, table)),
];

export interface VifStatus {
  readonly link: string;
  readonly connection: string;
  readonly connectionState: string;
  readonly vif: string | null;
  /** `available`: BGP is up. `down`: it stands, and the router does not talk to it. */
  readonly state: string;
  readonly bgp: string;
  readonly vlan: number;
  readonly differences: readonly string[];
  /** Tables that do not take what BGP brings. */
  readonly notPropagating: readonly string[];
}

/** How a link stands, read only. */
export const vifStatus = async (aws: Aws, site: Site, vif: VifLink): Promise<VifStatus> => {
  const { link, gateway } = vif;
  const { connectionState } = await connectionNamed(aws, link.connection);
  const { virtualInterfaces = [] } = await aws.ask('directconnect', 'DescribeVirtualInterfaces', {
    connectionId: link.connection,
  });
  const found = virtualInterfaces.find(
    ({ vlan, virtualInterfaceState: now }) => vlan === link.vlan && now !== 'deleted',
  );
  const context = { aws } as Parameters<Step['read']>[0];
  const look = found === undefined ? undefined : await virtualInterface(site.site, vif).read(context);
  const tables = site.route_tables.filter(({ links }) => links.includes(link.name));
  const { RouteTables = [] } =
    tables.length === 0
      ? {}
      : await aws.ask('ec2', 'DescribeRouteTables', { RouteTableIds: tables.map(({ id }) => id) });
  return {
    link: link.name,
    connection: link.connection,
    connectionState: connectionState ?? 'unknown',
    vif: found?.virtualInterfaceId ?? null,
    state: found?.virtualInterfaceState ?? 'absent',
    bgp: found?.bgpPeers?.map(({ bgpStatus }) => bgpStatus ?? 'unknown').join(', ') || 'none',
    vlan: link.vlan,
    differences: look?.state === 'differs' ? look.differences.map(inWords) : [],
    notPropagating: tables
      .filter(
        ({ id }) =>
          RouteTables.find(({ RouteTableId }) => RouteTableId === id)?.PropagatingVgws?.some(
            ({ GatewayId }) => GatewayId === gateway,
          ) !== true,
      )
      .map(({ name }) => name),
  };
};
