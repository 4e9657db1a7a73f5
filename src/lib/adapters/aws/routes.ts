import {
  CreateRouteCommand,
  DeleteRouteCommand,
  DescribeRouteTablesCommand,
  ReplaceRouteCommand,
  type DescribeRouteTablesCommandInput,
  type Route,
  type RouteTable as SdkRouteTable,
} from '@aws-sdk/client-ec2';
import { failure, usageError } from '../../core/errors.ts';
import {
  RouteRace,
  type CloudOptions,
  type CloudRoute,
  type RouteTable,
  type RouteTables,
  type RouteTarget,
} from '../../core/ports.ts';
import { routeInput } from '../../core/route-call.ts';
import { ec2Client, type Tuning } from './client.ts';
import type { ErrorKind } from '../../core/errors.ts';
import { asHybridError, codeOf, kindOfError, unreadable } from './errors.ts';
import { ec2 } from './services/ec2.ts';

const READ = 'DescribeRouteTables';
/** Values a filter takes, and far more pages than an account has of 100 tables each. */
const MOST_FILTERED = 200;
const MOST_PAGES = 100;

/** Route tables by the EC2 API. */
export const awsRouteTables = (options: CloudOptions, tuning: Partial<Tuning> = {}): RouteTables => {
  const { region, signal } = options;
  const client = ec2Client(options, tuning);

  type Send = (options: { abortSignal?: AbortSignal }) => Promise<{ $metadata: { requestId?: string | undefined } }>;
  /** A page of a captive portal parses as an empty answer, but it does not carry EC2's request id. */
  const write = async (operation: string, race: ErrorKind, send: Send): Promise<void> => {
    try {
      const { $metadata } = await send(signal === undefined ? {} : { abortSignal: signal });
      if ($metadata.requestId === undefined) throw unreadable(ec2, operation);
    } catch (error) {
      if (kindOfError(error, ec2, operation) === race)
        throw new RouteRace(`ec2:${operation}: ${codeOf(error)}`, { cause: error });
      throw asHybridError(error, ec2, operation, region);
    }
  };

  /** All pages. Without ids or filters EC2 would answer with every table of the account. */
  const pages = async (input: DescribeRouteTablesCommandInput): Promise<ReadonlyMap<string, RouteTable>> => {
    const found = new Map<string, RouteTable>();
    const tokens = new Set<string>();
    for (let token: string | undefined; ; ) {
      const page = await client.send(
        new DescribeRouteTablesCommand({ ...input, ...(token === undefined ? {} : { NextToken: token }) }),
        signal === undefined ? {} : { abortSignal: signal },
      );
      if (page.RouteTables === undefined) throw unreadable(ec2, READ);
      for (const table of page.RouteTables)
        if (table.RouteTableId !== undefined) found.set(table.RouteTableId, asTable(table.RouteTableId, table));
      token = page.NextToken;
      if (token === undefined || token === '') return found;
      // A proxy that answers every question from its memory would keep us asking for ever.
      if (tokens.has(token) || tokens.size >= MOST_PAGES)
        throw failure(`the pages of ec2:${READ} do not end`, {
          call: 'unclear',
          next: 'see to AWS_ENDPOINT_URL and any proxy in between',
        });
      tokens.add(token);
    }
  };

  return {
    async readThere(ids) {
      try {
        const found = new Map<string, RouteTable>();
        for (let from = 0; from < ids.length; from += MOST_FILTERED) {
          for (const [id, table] of await pages({
            Filters: [{ Name: 'route-table-id', Values: ids.slice(from, from + MOST_FILTERED) }],
          }))
            found.set(id, table);
        }
        const there = ids.flatMap((id) => found.get(id) ?? []);
        if (there.length === 0 && ids.length > 0)
          throw failure(`EC2's answer has none of the route tables ${ids.slice(0, 3).join(', ')}`, {
            call: 'refused',
            next: 'see to the ids and the region; then to AWS_ENDPOINT_URL and any proxy in between',
          });
        return there;
      } catch (error) {
        throw asHybridError(error, ec2, READ, region);
      }
    },

    async read(ids) {
      if (ids.length === 0) return [];
      let found: ReadonlyMap<string, RouteTable>;
      try {
        found = await pages({ RouteTableIds: [...new Set(ids)] });
      } catch (error) {
        throw unknownTable(error, ids, region) ?? asHybridError(error, ec2, READ, region);
      }
      return ids.map((id) => {
        const table = found.get(id);
        if (table === undefined)
          throw failure(`EC2's answer lacks route table ${id}`, {
            next: 'run it again; then see to AWS_ENDPOINT_URL and any proxy in between',
          });
        return table;
      });
    },

    createRoute: (table, destination, target) =>
      write('CreateRoute', 'exists', (options) =>
        client.send(new CreateRouteCommand(routeInput(table, destination, { kind: 'create', target })), options),
      ),

    replaceRoute: (table, destination, target) =>
      write('ReplaceRoute', 'absent', (options) =>
        client.send(new ReplaceRouteCommand(routeInput(table, destination, { kind: 'replace', target })), options),
      ),

    deleteRoute: (table, destination) =>
      write('DeleteRoute', 'absent', (options) =>
        client.send(new DeleteRouteCommand(routeInput(table, destination, { kind: 'delete' })), options),
      ),
  };
};

const unknownTable = (error: unknown, ids: readonly string[], region: string) => {
  const kind = kindOfError(error, ec2, READ);
  if (kind !== 'absent' && kind !== 'invalid') return undefined;
  const named = ids.find((id) => (error as Error).message.includes(id)) ?? ids.join(', ');
  return usageError(`there is no route table ${named} in ${region}`, {
    field: 'route_tables',
    next: 'correct the id in the site file, or the region by --region',
    cause: error,
    call: 'refused',
  });
};

const asTable = (id: string, table: SdkRouteTable): RouteTable => ({
  id,
  name: table.Tags?.find(({ Key }) => Key === 'Name')?.Value,
  routes: (table.Routes ?? []).flatMap((route) => asRoute(route) ?? []),
  propagatingVgws: (table.PropagatingVgws ?? []).flatMap(({ GatewayId }) => GatewayId ?? []),
});

const asRoute = (route: Route): CloudRoute | undefined => {
  const destination = route.DestinationCidrBlock ?? route.DestinationPrefixListId ?? route.DestinationIpv6CidrBlock;
  if (destination === undefined) return undefined;
  return {
    destination,
    target: asTarget(route),
    // Anything EC2 put there by itself (a VGW, a VPC route server) can't be written by us.
    origin: route.Origin === 'CreateRouteTable' ? 'table' : route.Origin === 'CreateRoute' ? 'static' : 'propagated',
    state: route.State === 'active' ? 'active' : 'blackhole',
  };
};

const asTarget = (route: Route): RouteTarget => {
  if (route.NetworkInterfaceId !== undefined)
    return {
      kind: 'eni',
      id: route.NetworkInterfaceId,
      ...(route.InstanceId === undefined ? {} : { instance: route.InstanceId }),
    };
  if (route.InstanceId !== undefined) return { kind: 'instance', id: route.InstanceId };
  if (route.NatGatewayId !== undefined) return { kind: 'nat', id: route.NatGatewayId };
  const gateway = route.GatewayId;
  if (gateway === 'local') return { kind: 'local', id: 'local' };
  if (gateway?.startsWith('vgw-') === true) return { kind: 'vgw', id: gateway };
  if (gateway?.startsWith('igw-') === true) return { kind: 'igw', id: gateway };
  return { kind: 'other', id: gateway ?? otherTarget(route) };
};

const otherTarget = (route: Route): string =>
  route.TransitGatewayId ??
  route.VpcPeeringConnectionId ??
  route.EgressOnlyInternetGatewayId ??
  route.LocalGatewayId ??
  route.CarrierGatewayId ??
  route.CoreNetworkArn ??
  'an unknown target';
