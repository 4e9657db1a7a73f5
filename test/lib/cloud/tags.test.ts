import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, testCloud } from '../../helpers/cloud.ts';
import { ec2 } from '../../helpers/ec2.ts';

const VPC = 'vpc-0d5a1b2c3d4e5f607';
const GW1 = 'i-0e1466e8a5dd4892c';
const open = async (options: Parameters<typeof testCloud>[1] = {}) => ec2(await testCloud(fixture('lab'), options));

describe('tags', () => {
  it('go on everything, are found again, change and go', async () => {
    const { ask, code } = await open();
    await ask('CreateTags', {
      Resources: [VPC, GW1],
      Tags: [
        { Key: 'hybridctl:site', Value: 'demo' },
        { Key: 'hybridctl:key', Value: 'gw/1' },
      ],
    });
    const found = async (Filters: { Name: string; Values: string[] }[]) =>
      (await ask('DescribeTags', { Filters })).Tags?.map(({ ResourceId, ResourceType, Key, Value }) =>
        [ResourceId, ResourceType, Key, Value].join(' '),
      );
    expect(await found([{ Name: 'tag:hybridctl:site', Values: ['demo'] }])).toEqual([
      `${VPC} vpc hybridctl:site demo`,
      `${GW1} instance hybridctl:site demo`,
    ]);
    expect(
      await found([
        { Name: 'resource-id', Values: [GW1] },
        { Name: 'key', Values: ['hybridctl:*'] },
      ]),
    ).toEqual([`${GW1} instance hybridctl:site demo`, `${GW1} instance hybridctl:key gw/1`]);
    expect(
      await found([
        { Name: 'resource-type', Values: ['subnet'] },
        { Name: 'value', Values: ['private-1'] },
      ]),
    ).toHaveLength(1);
    expect(
      (
        await ask('DescribeVpcs', {
          Filters: [
            { Name: 'tag-key', Values: ['hybridctl:key'] },
            { Name: 'tag:hybridctl:site', Values: ['demo'] },
          ],
        })
      ).Vpcs,
    ).toMatchObject([
      {
        VpcId: VPC,
        Tags: [
          { Key: 'Name', Value: 'demo' },
          { Key: 'hybridctl:site', Value: 'demo' },
          { Key: 'hybridctl:key', Value: 'gw/1' },
        ],
      },
    ]);
    expect(
      (await ask('DescribeInstances', { Filters: [{ Name: 'tag:hybridctl:site', Values: ['other'] }] })).Reservations,
    ).toEqual([]);
    await ask('CreateTags', { Resources: [GW1], Tags: [{ Key: 'hybridctl:key', Value: 'gw/2' }] });
    await ask('DeleteTags', {
      Resources: [GW1],
      Tags: [{ Key: 'hybridctl:site' }, { Key: 'hybridctl:key', Value: 'gw/1' }],
    });
    expect(await found([{ Name: 'resource-id', Values: [GW1] }])).toEqual([
      `${GW1} instance Name gw-1`,
      `${GW1} instance hybridctl:key gw/2`,
    ]);
    await ask('DeleteTags', { Resources: [VPC] });
    expect(await found([{ Name: 'resource-id', Values: [VPC] }])).toEqual([]);
    const create = (id: string, Key = 'a') => code('CreateTags', { Resources: [GW1, id], Tags: [{ Key, Value: 'b' }] });
    expect([
      await create('sg-0ffffffff'),
      await create('i-0ffffffff'),
      await create('what'),
      await create(VPC, 'aws:mine'),
    ]).toEqual(['InvalidGroup.NotFound', 'InvalidInstanceID.NotFound', 'InvalidID', 'InvalidParameterValue']);
    expect(await found([{ Name: 'key', Values: ['a'] }])).toEqual([]);
    expect(
      await code('CreateTags', {
        Resources: [VPC],
        Tags: Array.from({ length: 51 }, (_, at) => ({ Key: `k${at}`, Value: '' })),
      }),
    ).toBe('TagLimitExceeded');
  });

  it('come in pages', async () => {
    const { ask } = await open();
    const keys: string[] = [];
    let NextToken: string | undefined;
    await ask('CreateTags', {
      Resources: [VPC],
      Tags: Array.from({ length: 12 }, (_, at) => ({ Key: `k${String(at).padStart(2, '0')}`, Value: 'v' })),
    });
    do {
      const page = await ask('DescribeTags', {
        Filters: [{ Name: 'value', Values: ['v'] }],
        MaxResults: 5,
        ...(NextToken === undefined ? {} : { NextToken }),
      });
      keys.push(...page.Tags!.map(({ Key }) => Key!));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(keys).toEqual(Array.from({ length: 12 }, (_, at) => `k${String(at).padStart(2, '0')}`));
  });

  it('tell nothing of what is not in them', async () => {
    const { ask } = await open();
    expect((await ask('DescribeVpcs', { Filters: [{ Name: 'tag:constructor', Values: ['*'] }] })).Vpcs).toEqual([]);
  });
});

describe('elastic addresses', () => {
  it('are five, belong to one, and go only when free', async () => {
    const { ask, code } = await open();
    const allocate = () =>
      ask('AllocateAddress', {
        Domain: 'vpc',
        TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: [{ Key: 'hybridctl:site', Value: 'demo' }] }],
      });
    const made = [await allocate(), await allocate(), await allocate()];
    expect(await code('AllocateAddress', {})).toBe('AddressLimitExceeded');
    expect(
      (await ask('DescribeAddresses', { Filters: [{ Name: 'tag:hybridctl:site', Values: ['demo'] }] })).Addresses?.map(
        ({ PublicIp }) => PublicIp,
      ),
    ).toEqual(made.map(({ PublicIp }) => PublicIp));
    const [first, second] = made;
    const { AssociationId } = await ask('AssociateAddress', { AllocationId: first!.AllocationId, InstanceId: GW1 });
    const associate = (more: object) =>
      code('AssociateAddress', { AllocationId: first!.AllocationId, InstanceId: 'i-0430fe110cdec5835', ...more });
    expect([
      await associate({}),
      await associate({ InstanceId: undefined }),
      await associate({ AllocationId: 'eipalloc-0ffffffff' }),
      await associate({ InstanceId: 'i-0ffffffff' }),
      await associate({ PrivateIpAddress: '10.0.0.1' }),
    ]).toEqual([
      'Resource.AlreadyAssociated',
      'MissingParameter',
      'InvalidAllocationID.NotFound',
      'InvalidInstanceID.NotFound',
      'InvalidParameterValue',
    ]);
    expect([
      await code('ReleaseAddress', { AllocationId: first!.AllocationId }),
      await code('DisassociateAddress', { AssociationId }),
      await code('DisassociateAddress', { AssociationId }),
      await code('ReleaseAddress', { AllocationId: first!.AllocationId }),
      await code('ReleaseAddress', { AllocationId: first!.AllocationId }),
    ]).toEqual(['InvalidIPAddress.InUse', 'ok', 'InvalidAssociationID.NotFound', 'ok', 'InvalidAllocationID.NotFound']);
    expect((await allocate()).PublicIp).not.toBe(second!.PublicIp);
    expect(await code('DescribeAddresses', { PublicIps: [first!.PublicIp!] })).toBe('InvalidAddress.NotFound');
  });

  it('can be more where the account may have more', async () => {
    const { code } = await open({ quotas: { addresses: 2 } });
    expect(await code('AllocateAddress', {})).toBe('AddressLimitExceeded');
  });
});

describe('key pairs', () => {
  it.each(['rsa', 'ed25519'] as const)('of type %s are usable, and the private half is told once', async (KeyType) => {
    const { ask, code } = await open();
    const { KeyMaterial, KeyPairId } = await ask('CreateKeyPair', {
      KeyName: 'ops',
      KeyType,
      TagSpecifications: [{ ResourceType: 'key-pair', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    const folder = mkdtempSync(join(tmpdir(), 'key-'));
    try {
      writeFileSync(join(folder, 'key'), `${KeyMaterial}\n`, { mode: 0o600 });
      const line = execFileSync('ssh-keygen', ['-y', '-f', join(folder, 'key')])
        .toString()
        .trim();
      const { KeyPairs } = await ask('DescribeKeyPairs', { KeyNames: ['ops'], IncludePublicKey: true });
      expect(KeyPairs).toMatchObject([
        {
          KeyPairId,
          KeyType,
          Tags: [{ Key: 'a', Value: 'b' }],
          PublicKey: `${line.split(' ').slice(0, 2).join(' ')} ops`,
        },
      ]);
      expect(await code('CreateKeyPair', { KeyName: 'ops' })).toBe('InvalidKeyPair.Duplicate');
      await ask('ImportKeyPair', { KeyName: 'mine', PublicKeyMaterial: Buffer.from(line) });
      expect(await code('ImportKeyPair', { KeyName: 'broken', PublicKeyMaterial: Buffer.from('ssh-rsa none') })).toBe(
        'InvalidKey.Format',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect([
      await code('DeleteKeyPair', { KeyName: 'ops' }),
      await code('DeleteKeyPair', { KeyName: 'ops' }),
      await code('DescribeKeyPairs', { KeyNames: ['ops'] }),
    ]).toEqual(['ok', 'ok', 'InvalidKeyPair.NotFound']);
  });
});

describe('zones', () => {
  it('are named by region and numbered for all', async () => {
    const { ask } = await open();
    expect(
      (
        await ask('DescribeAvailabilityZones', { Filters: [{ Name: 'state', Values: ['available'] }] })
      ).AvailabilityZones?.map(({ ZoneName, ZoneId, ZoneType }) => [ZoneName, ZoneId, ZoneType]),
    ).toEqual([
      ['cn-north-1a', 'cnn1-az1', 'availability-zone'],
      ['cn-north-1b', 'cnn1-az2', 'availability-zone'],
      ['cn-north-1c', 'cnn1-az3', 'availability-zone'],
    ]);
  });
});
