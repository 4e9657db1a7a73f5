import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { XMLParser } from 'fast-xml-parser';
import { shell } from '../../../src/lib/adapters/shell.ts';
import { fixture, testCloud, type TestCloud } from '../../helpers/cloud.ts';

const A = 'rtb-0468f52220000000a';
const GW1 = 'i-0e1466e8a5dd4892c';
const call = async ({ url }: TestCloud, params: Record<string, string>) => {
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ Version: '2016-11-15', ...params }),
  });
  return { status: response.status, body: await response.text() };
};
const calm = (xml: string) => xml.replace(/(<requestId>|<RequestID>)[0-9a-f-]+/, '$1…');
const code = async (cloud: TestCloud, params: Record<string, string>) =>
  /<Code>(.*?)<\/Code>/.exec((await call(cloud, params)).body)?.[1];

describe('the EC2 query protocol', () => {
  it("answers in EC2's elements", async () => {
    const cloud = await testCloud(fixture('lab'));
    await call(cloud, {
      Action: 'CreateRoute',
      RouteTableId: A,
      DestinationCidrBlock: '10.10.0.0/16',
      InstanceId: GW1,
    });
    const { body } = await call(cloud, { Action: 'DescribeRouteTables', 'RouteTableId.1': A });
    expect(calm(body)).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <DescribeRouteTablesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>…</requestId><routeTableSet><item><associationSet><item><main>false</main><routeTableAssociationId>rtbassoc-0658f1abf51a24796</routeTableAssociationId><routeTableId>rtb-0468f52220000000a</routeTableId><subnetId>subnet-0658f1abf51a24796</subnetId><associationState><state>associated</state></associationState></item></associationSet><propagatingVgwSet><item><gatewayId>vgw-078bcc55</gatewayId></item></propagatingVgwSet><routeTableId>rtb-0468f52220000000a</routeTableId><routeSet><item><destinationCidrBlock>172.16.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId><origin>CreateRouteTable</origin><state>active</state></item><item><destinationCidrBlock>10.10.0.0/16</destinationCidrBlock><instanceId>i-0e1466e8a5dd4892c</instanceId><instanceOwnerId>123456789012</instanceOwnerId><networkInterfaceId>eni-023fbd87a1b2c3d4e</networkInterfaceId><origin>CreateRoute</origin><state>active</state></item></routeSet><tagSet><item><key>Name</key><value>private-1</value></item></tagSet><vpcId>vpc-0d5a1b2c3d4e5f607</vpcId><ownerId>123456789012</ownerId></item></routeTableSet></DescribeRouteTablesResponse>"
    `);
  });

  it("answers errors in EC2's elements, with what the caller sent escaped", async () => {
    const cloud = await testCloud(fixture('lab'));
    const { status, body } = await call(cloud, { Action: 'DescribeRouteTables', 'RouteTableId.1': 'rtb-<&>"\'' });
    expect([status, calm(body)]).toMatchInlineSnapshot(`
      [
        400,
        "<?xml version="1.0" encoding="UTF-8"?>
      <Response><Errors><Error><Code>InvalidRouteTableID.NotFound</Code><Message>The routeTable ID &apos;rtb-&lt;&amp;&gt;&quot;&apos;&apos; does not exist</Message></Error></Errors><RequestID>…</RequestID></Response>",
      ]
    `);
    expect(new XMLParser().parse(body).Response.Errors.Error.Message).toContain('rtb-<&>"\'');
  });

  it('filters with wildcards, pages, and refuses what it does not know', async () => {
    const cloud = await testCloud(fixture('lab'));
    const names = async (params: Record<string, string>) =>
      [
        ...(await call(cloud, { Action: 'DescribeRouteTables', ...params })).body.matchAll(/<value>(.*?)<\/value>/g),
      ].map(([, name]) => name);
    expect(await names({ 'Filter.1.Name': 'tag:Name', 'Filter.1.Value.1': 'private-*' })).toEqual([
      'private-1',
      'private-2',
    ]);
    expect(
      await names({
        'Filter.1.Name': 'tag:Name',
        'Filter.1.Value.1': 'private-?',
        'Filter.2.Name': 'route-table-id',
        'Filter.2.Value.1': A,
      }),
    ).toEqual(['private-1']);
    expect(await names({ 'Filter.1.Name': 'association.main', 'Filter.1.Value.1': 'true' })).toEqual(['main']);
    expect(await names({ 'Filter.1.Name': 'tag:Name', 'Filter.1.Value.1': 'private.1' })).toEqual([]);
    expect(
      await code(cloud, { Action: 'DescribeRouteTables', 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'red' }),
    ).toBe('InvalidParameterValue');
    expect(await code(cloud, { Action: 'DescribeRouteTables', MaxResults: '2' })).toBe('InvalidParameterValue');
    expect(await code(cloud, { Action: 'DescribeRouteTables', NextToken: 'bm90IG1pbmU=' })).toBe(
      'InvalidParameterValue',
    );
    expect(await code(cloud, { Action: 'CreateFleet' })).toBe('InvalidAction');
    expect(await code(cloud, { Action: 'constructor' })).toBe('InvalidAction');
    expect(await code(cloud, {})).toBe('MissingAction');
    expect(await code(cloud, { Action: 'CreateRoute' })).toBe('MissingParameter');
    expect(await code(cloud, { Action: 'StopInstances', 'InstanceId.1': GW1, DryRun: 'true' })).toBe('DryRunOperation');
    expect(cloud.cloud.instances()[0]?.state).toBe('running');
    expect((await call(cloud, { Action: 'DescribeVpcs', junk: 'x'.repeat(1_100_000) })).status).toBe(413);
  });

  it('gives 120 tables to the SDK in pages, in the order asked', async () => {
    const ids = Array.from({ length: 120 }, (_, at) => `rtb-0${(0x1000000000000000n + BigInt(at)).toString(16)}`);
    const lab = fixture('lab');
    const cloud = await testCloud(
      `${lab.slice(0, lab.indexOf('route_tables:'))}route_tables:\n${ids.map((id, at) => `  - { id: ${id}, name: t-${at}, links: [vpn-a] }\n`).join('')}`,
    );
    const backwards = ids.toReversed();
    expect((await cloud.routeTables().read(backwards)).map(({ id }) => id)).toEqual(backwards);
    expect(await cloud.calls()).toEqual(['DescribeRouteTables', 'DescribeRouteTables']);
  });

  it('throttles with 503 RequestLimitExceeded once the bucket is empty', async () => {
    const cloud = await testCloud(fixture('lab'));
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call(cloud, { Action: 'StartInstances', 'InstanceId.1': GW1 })),
    );
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(refused[0]?.body).toContain('<Code>RequestLimitExceeded</Code>');
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(5);
  });

  it('refuses faults it does not understand, and forgets them on DELETE', async () => {
    const cloud = await testCloud(fixture('lab'));
    await expect(cloud.fault({ '*': { delay_ms: -1 } })).rejects.toThrow('*.delay_ms');
    await expect(cloud.fault({ '*': { brake: 'drop' } } as never)).rejects.toThrow('brake');
    await cloud.fault({ '*': { break: 'error', code: 'InternalError' } });
    expect(await code(cloud, { Action: 'DescribeVpcs' })).toBe('InternalError');
    await fetch(`${cloud.url}/_lab/faults`, { method: 'DELETE' });
    expect((await call(cloud, { Action: 'DescribeVpcs' })).status).toBe(200);
  });
});

describe('the AWS CLI', () => {
  // Not skipped where it is missing: set-up installs Debian's awscli, and a message says so.
  it('reads, moves and stops through the same endpoint', async () => {
    const aws = await shell.which('aws');
    if (aws === undefined) throw new Error('the AWS CLI is missing: install the package awscli');
    const cloud = await testCloud(fixture('lab'));
    const env = {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      AWS_ACCESS_KEY_ID: 'lab',
      AWS_SECRET_ACCESS_KEY: 'lab',
      AWS_DEFAULT_REGION: 'cn-north-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
    };
    const ec2 = async (...args: string[]) =>
      (await promisify(execFile)(aws, ['ec2', ...args, '--endpoint-url', cloud.url, '--output', 'json'], { env }))
        .stdout;
    await ec2('create-route', '--route-table-id', A, '--destination-cidr-block', '10.10.0.0/16', '--instance-id', GW1);
    const { RouteTables } = JSON.parse(await ec2('describe-route-tables', '--route-table-ids', A));
    expect(RouteTables[0].Routes[1]).toEqual({
      DestinationCidrBlock: '10.10.0.0/16',
      InstanceId: GW1,
      InstanceOwnerId: '123456789012',
      NetworkInterfaceId: 'eni-023fbd87a1b2c3d4e',
      Origin: 'CreateRoute',
      State: 'active',
    });
    await expect(
      ec2('delete-route', '--route-table-id', A, '--destination-cidr-block', '10.99.0.0/16'),
    ).rejects.toThrow(/InvalidRoute\.NotFound/);
    expect(JSON.parse(await ec2('stop-instances', '--instance-ids', GW1)).StoppingInstances[0].CurrentState.Name).toBe(
      'stopping',
    );
  }, 60_000);
});
