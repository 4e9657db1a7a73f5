import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressNumber, parseCidr } from '../../../src/lib/domain/cidr.ts';
import { siteJsonSchema, siteJsonSchemaText } from '../../../src/lib/site/schema.ts';

type Node = { readonly [key: string]: any };

test('the published schema is the one that the loader holds files to', async () => {
  await expect(siteJsonSchemaText()).toMatchFileSnapshot('../../../schema/hybridctl.schema.json');
});

const schema = siteJsonSchema() as Node;
const at = (path: string): Node =>
  path.split('.').reduce<Node>((node, key) => {
    const next = key === '*' ? node['items'] : node['properties'][key];
    return next.$ref === undefined ? next : { ...schema['$defs'][next.$ref.split('/').at(-1)], ...next };
  }, schema);

describe('an editor can check by itself', () => {
  test.each([
    ['site', 'office-1', 'two words'],
    ['cloud.region', 'cn-north-1', 'beijing'],
    ['cloud.vgw', 'vgw-078bcc55', 'vgw-XYZ'],
    ['cloud.cidr', '172.16.0.0/16', '172.16.0.0'],
    ['gateways.*.public_ip', '203.0.113.11', '203.0.113'],
    ['gateways.*.eni', 'eni-23fbd87a', 'eni'],
    ['onprem.networks.*', '10.10.0.0/16', '10.10.0.0/33'],
    ['tunnels.*.psk_file', 'psk/vpn1', 'my key'],
    ['tunnels.*.inside', '169.254.100.0/30', '169.254.256.0/30'],
    ['route_tables.*.id', 'rtb-468f5222', 'table'],
  ])('%s: %s, not %s', (path, good, bad) => {
    const pattern = new RegExp(at(path)['pattern'], 'u');
    expect([pattern.test(good), pattern.test(bad)]).toEqual([true, false]);
  });

  test('unknown keys are refused everywhere, and what has a default may be left out', () => {
    const objects: Node[] = [];
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      if ((node as Node)['type'] === 'object') objects.push(node as Node);
      Object.values(node).forEach(walk);
    };
    walk(schema);
    expect(objects.length).toBeGreaterThan(6);
    expect(objects.filter(({ additionalProperties }) => additionalProperties !== false)).toEqual([]);
    for (const node of objects)
      for (const key of node['required'] ?? []) expect(node['properties'][key]).not.toHaveProperty('default');
  });

  test('patterns of addresses and networks say what the loader says, host bits apart', () => {
    const address = new RegExp(at('gateways.*.public_ip')['pattern'], 'u');
    const network = new RegExp(at('cloud.cidr')['pattern'], 'u');
    const part = fc.oneof(fc.nat(300).map(String), fc.constantFrom('00', '01', '256', '', '1e1', ' 1', '-1'));
    const text = fc.array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(text, fc.oneof(fc.nat(40).map(String), fc.constantFrom('', '08', '3 ')), (four, prefix) => {
        expect(address.test(four)).toBe(addressNumber(four) !== undefined);
        const parsed = parseCidr(`${four}/${prefix}`);
        expect(network.test(`${four}/${prefix}`)).toBe(
          typeof parsed !== 'string' || parsed.startsWith('has host bits'),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

test('the ready examples are those of the tests', () => {
  for (const [example, fixture] of [
    ['lab', 'lab'],
    ['legacy-vpn', 'seed-bjs'],
    ['legacy-openswan', 'seed-openswan'],
  ] as const) {
    expect(readFileSync(`templates/site/${example}.yaml`, 'utf8')).toBe(
      readFileSync(`test/fixtures/${fixture}.yaml`, 'utf8'),
    );
  }
});
