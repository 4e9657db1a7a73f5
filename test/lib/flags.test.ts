import { describe, expect, test } from 'vitest';
import { EXIT, HybridError } from '../../src/lib/core/errors.ts';
import type { Kind } from '../../src/lib/core/flags/kind.ts';
import {
  anything,
  choice,
  count,
  decimal,
  duration,
  host,
  mail,
  moment,
  pair,
  path,
  secretFile,
  text,
  url,
} from '../../src/lib/core/flags/kinds.ts';
import { arn, bucket, cidr, instanceType, region, resourceId } from '../../src/lib/domain/kinds.ts';
import { ALIYUN_REGIONS, AWS_REGIONS, zoneProblem } from '../../src/lib/domain/regions.ts';
import { seeded } from '../../src/lib/domain/seeded.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const context = { now: NOW, env: { HYBRIDCTL_ALLOW_REGION: 'xx-new-1, eu-west-9' } };

const name = text({ placeholder: 'name', shape: /^[a-z]{1,8}$/, like: 'office' });

const said = (kind: Kind<unknown>, given: string): string => {
  try {
    return `accepted: ${JSON.stringify(kind.parse(given, context))}`;
  } catch (error) {
    if (!(error instanceof HybridError)) throw error;
    expect(error.exit).toBe(EXIT.usage);
    return error.message;
  }
};

describe('values that a kind takes', () => {
  test.each<[string, Kind<unknown>, given: string, value: unknown]>([
    ['text', text({ placeholder: 'text', like: 'x' }), 'two words, and ä', 'two words, and ä'],
    ['text', name, 'office', 'office'],
    ['choice', choice(['Green', 'Red']), 'red', 'Red'],
    ['count', count(), '0', 0],
    ['count', count({ from: -5 }), '-5', -5],
    ['decimal', decimal(), '-0.25', -0.25],
    ['duration', duration(), '10ms', 10],
    ['duration', duration(), '1.5s', 1_500],
    ['duration', duration(), '7d', 604_800_000],
    ['moment', moment(), '90m', NOW - 5_400_000],
    ['moment', moment(), '2026-01-30', Date.UTC(2026, 0, 30)],
    ['moment', moment(), '2026-01-30T08:00+08:00', Date.UTC(2026, 0, 30)],
    ['path', path(), '-', '-'],
    ['secret file', secretFile(), 'keys/psk', 'keys/psk'],
    ['pair', pair(name, count()), 'a=4', ['a', 4]],
    ['host', host(), 'root@gw-1:2222', 'root@gw-1:2222'],
    ['host', host(), 'root@[2001:db8::1]', 'root@[2001:db8::1]'],
    ['mail', mail(), 'ops+night@mail.example.com', 'ops+night@mail.example.com'],
    ['url', url(), 'http://127.0.0.1:9200/x', 'http://127.0.0.1:9200/x'],
    ['cidr', cidr(), '10.10.0.0/16', '10.10.0.0/16'],
    ['region', region(), 'cn-northwest-1', 'cn-northwest-1'],
    ['region', region(), 'us-gov-west-1', 'us-gov-west-1'],
    ['region', region('aliyun'), 'cn-hangzhou', 'cn-hangzhou'],
    ['region that is newer than the list', region(), 'eu-west-9', 'eu-west-9'],
    ['arn', arn(), 'arn:aws-cn:sns:cn-north-1:123456789012:ops', 'arn:aws-cn:sns:cn-north-1:123456789012:ops'],
    [
      'arn without a region',
      arn({ service: 'iam' }),
      'arn:aws:iam::123456789012:role/x',
      'arn:aws:iam::123456789012:role/x',
    ],
    ['bucket', bucket(), 'fpga-builds.example', 'fpga-builds.example'],
    ['instance type', instanceType(), 'u-6tb1.112xlarge', 'u-6tb1.112xlarge'],
    ['id', resourceId('subnet', 'a subnet id'), 'subnet-0a1b2c3d', 'subnet-0a1b2c3d'],
    ['anything', anything(), '--json', '--json'],
  ])('%s: %#', (_, kind, given, value) => {
    expect(kind.parse(given, context)).toEqual(value);
  });
});

describe('refusals say what to write instead', () => {
  test.each<[kind: Kind<unknown>, given: string, message: string]>([
    [name, 'Office', 'Office is not a name: write it like office'],
    [name, '', 'is empty: write it like office'],
    [
      text({ placeholder: 'text', like: 'x' }),
      'a\nb',
      '"a?b" has a line break or a control character: write it like x',
    ],
    [choice(['fast', 'slow']), 'fsat', 'fsat is not one of fast, slow: did you mean fast?'],
    [choice(['fast', 'slow']), 'red', 'red is not one of fast, slow'],
    [count({ from: 1, to: 9 }), '10', '10 is not a whole number from 1 to 9'],
    [count(), '1.5', '1.5 is not a whole number of 0 or more'],
    [count(), '', 'is empty: write a whole number of 0 or more'],
    [decimal({ to: 100 }), '101', '101 is not a number of at most 100'],
    [decimal(), '0x10', '0x10 is not a number'],
    [duration(), '60', '60 has no unit: write 60s'],
    [duration({ bare: 'ms' }), '60', '60 has no unit: write 60ms'],
    [duration(), '60sec', '60sec is not a duration: write it like 10ms, 60s, 5m, 24h or 7d'],
    [duration(), '-5s', '-5s is not a duration: write it like 10ms, 60s, 5m, 24h or 7d'],
    [duration({ from: '10s', to: '1h' }), '2h', '2h is not between 10s and 1h'],
    [moment(), '10', '10 is not an age or a date: write it like 90m, 24h, 7d or 2026-01-31T08:00Z'],
    [moment(), '2026-13-01', '2026-13-01 is not an age or a date: write it like 90m, 24h, 7d or 2026-01-31T08:00Z'],
    [path(), '', 'is empty: write it like ./file'],
    [secretFile(), 'a\nb', 'is not the name of a file: write the secret into a file of mode 0600 and name that'],
    [pair(name, count()), 'a', 'a is not a pair: write NAME=NUMBER'],
    [pair(name, count()), 'a=x', 'x is not a whole number of 0 or more'],
    [host(), 'gw-1', 'gw-1 is not user@host or user@host:port: write it like admin@203.0.113.11 or root@gw-1:2222'],
    [
      host(),
      '-oProxyCommand=x@y',
      '"-oProxyCommand=x@y" is not user@host or user@host:port: write it like admin@203.0.113.11 or root@gw-1:2222',
    ],
    [
      host(),
      'root@a:70000',
      'root@a:70000 is not user@host or user@host:port: write it like admin@203.0.113.11 or root@gw-1:2222',
    ],
    [mail(), 'ops', 'ops is not a mail address: write it like ops@example.com'],
    [
      url(),
      'ftp://x',
      'ftp://x is not an address that begins with http:// or https://: write it like https://example.com',
    ],
    [url(), 'http://me:secret@x', 'has a login in it: write only the address, like https://example.com'],
    [cidr(), '10.10.0.1/16', '10.10.0.1/16 has host bits set: did you mean 10.10.0.0/16?'],
    [
      cidr({ from: 8, tooWide: 'is nearly everybody' }),
      '0.0.0.0/0',
      '0.0.0.0/0 is nearly everybody: the prefix is /8 or longer',
    ],
    [
      region(),
      'cn-nort-1',
      'cn-nort-1 is not a known region: did you mean cn-north-1? If it is a new one, set HYBRIDCTL_ALLOW_REGION=cn-nort-1',
    ],
    [
      region(),
      'zz-far-1',
      'zz-far-1 is not a region that is known here: if it is a new one, set HYBRIDCTL_ALLOW_REGION=zz-far-1',
    ],
    [
      region(),
      'cn-hangzhou',
      'cn-hangzhou is not a region that is known here: if it is a new one, set HYBRIDCTL_ALLOW_REGION=cn-hangzhou',
    ],
    [region(), 'cn-north-1a', 'cn-north-1a is a zone: its region is cn-north-1'],
    [region(), 'Beijing', 'Beijing is not a region: write it like cn-north-1 or us-east-1'],
    [
      arn(),
      'arn:aws:sns:cn-north-1:123456789012:x',
      'arn:aws:sns:cn-north-1:123456789012:x has the partition aws: in cn-north-1 it is aws-cn',
    ],
    [
      arn({ service: 'sns', what: 'an SNS topic' }),
      'topic',
      'topic is not the ARN of an SNS topic: write it like arn:aws-cn:sns:cn-north-1:123456789012:alarms',
    ],
    [bucket(), 'Builds', 'Builds is not a bucket name (3 to 63 of a-z, 0-9, "." and "-"): write it like fpga-builds'],
    [instanceType(), 't3', 't3 is not an instance type: write it like t3.small'],
    [
      resourceId('subnet', 'a subnet id'),
      'vpc-0a1b2c3d',
      'vpc-0a1b2c3d is not a subnet id: write it like subnet-0a1b2c3d',
    ],
  ])('%#: %s', (kind, given, message) => {
    expect(said(kind, given)).toBe(message);
  });
});

describe('whatever is given, a kind answers with a value or with one line', () => {
  const KINDS: readonly (readonly [string, Kind<unknown>])[] = [
    ['text', text({ placeholder: 'text', like: 'x' })],
    ['shaped text', name],
    ['choice', choice(['fast', 'slow'])],
    ['count', count()],
    ['decimal', decimal()],
    ['duration', duration()],
    ['moment', moment()],
    ['path', path()],
    ['secret file', secretFile()],
    ['pair', pair(name, duration())],
    ['host', host()],
    ['mail', mail()],
    ['url', url()],
    ['cidr', cidr()],
    ['region', region('any')],
    ['arn', arn()],
    ['bucket', bucket()],
    ['instance type', instanceType()],
    ['id', resourceId('vpc', 'a VPC id')],
  ];
  const PARTS = [
    '10',
    '60s',
    '-',
    '=',
    '@',
    '.',
    '/',
    ':',
    'cn-north-1',
    'a',
    'root@h',
    '\n',
    '\u001b[2J',
    '\u0000',
    'ä',
    '\u2028',
    '😀',
    ' ',
    'arn:aws:sns',
    '10.0.0.0/8',
    'http://',
    '2026-01-31',
    'x'.repeat(5_000),
  ];
  test.each(KINDS)('%s', (_, kind) => {
    const random = seeded(7);
    for (let round = 0; round < 2_000; round += 1) {
      const given = Array.from(
        { length: Math.floor(random() * 5) },
        () => PARTS[Math.floor(random() * PARTS.length)]!,
      ).join('');
      const message = said(kind, given);
      expect(message.length).toBeLessThan(5_200);
      if (!message.startsWith('accepted: ')) {
        expect(message).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{5,400}$/u);
      }
    }
  });
});

describe('regions', () => {
  test("the list is the SDK's own: a new region is added when the SDK is", async () => {
    const partitions: string =
      '../../node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js';
    const { partitionsInfo } = (await import(partitions)) as {
      partitionsInfo: { partitions: { id: string; regions: object }[] };
    };
    const regions = partitionsInfo.partitions
      .filter(({ id }) => ['aws', 'aws-cn', 'aws-us-gov'].includes(id))
      .flatMap((partition) => Object.keys(partition.regions).filter((one) => !one.endsWith('-global')));
    expect([...AWS_REGIONS].sort()).toEqual(regions.sort());
  });

  test('each is one that its kind takes', () => {
    for (const one of AWS_REGIONS) expect(said(region('aws'), one)).toBe(`accepted: "${one}"`);
    for (const one of ALIYUN_REGIONS) expect(said(region('aliyun'), one)).toBe(`accepted: "${one}"`);
  });

  test.each([
    ['us-east-1f', 'us-east-1', undefined],
    ['us-west-2-lax-1a', 'us-west-2', undefined],
    ['us-east-1-wl1-bos-wlz-1', 'us-east-1', undefined],
    ['cn-hangzhou-i', 'cn-hangzhou', undefined],
    ['xx-new-1a', 'xx-new-1', undefined],
    ['cn-north-1a', 'cn-northwest-1', 'cn-north-1a is a zone of cn-north-1, not of cn-northwest-1'],
    ['us-east-1x', 'us-east-1', 'us-east-1x is not a zone of us-east-1: it looks like us-east-1a'],
    ['beijing', 'cn-beijing', 'beijing is not a zone of cn-beijing: it looks like cn-beijing-a'],
  ])('zone %s of %s', (zone, of, problem) => {
    expect(zoneProblem(zone, of)).toBe(problem);
  });
});
