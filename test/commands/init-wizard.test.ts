import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDocument } from '../../src/lib/site/document.ts';
import { clock } from '../../src/lib/adapters/clock.ts';
import { fakeAsk } from '../fakes/ask.ts';
import { fakeClock } from '../fakes/clock.ts';
import { fakeShell } from '../fakes/shell.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';
import { run } from '../helpers/run.ts';
import { builtProgram } from '../helpers/program.ts';
import { atTerminal } from '../helpers/terminal.ts';

const GATEWAY =
  '--gateway az=cn-north-1a,private=172.16.1.157,public=203.0.113.11,instance=i-0e1466e8a5dd4892c,eni=eni-023fbd87a1b2c3d4e';
const ROUTER = '--router public=198.51.100.77,dialect=ios-vti,asn=65010';
const PLACE = '--name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16';

describe('the wizard', () => {
  const ANSWERS = {
    'Name of this site': ['two words', 'office'],
    'Cloud region': ['beijing', 'cn-north-1'],
    'CIDR of the VPC': ['172.16.0.1/16', '172.16.0.0/16'],
    'Networks of the office': ['10.10.0.0', '10.10.0.0/16, 10.20.0.0/16'],
    'VPN gateway 1: availability zone': 'cn-north-1a',
    'VPN gateway 1: private address': ['54.1.1.1', '172.16.1.157'],
    'VPN gateway 1: Elastic IP': ['10.0.0.1', '203.0.113.11'],
    'VPN gateway 1: instance': 'i-0e1466e8a5dd4892c',
    'office router 1: public address': '198.51.100.77',
    'office router 1: what is it?': 'ios-cryptomap',
    'Crypto level': 'cnsa',
    'Is there a Direct Connect?': true,
    'Virtual private gateway id': 'vgw-078bcc55',
    'AS number of office router 1': ['0', '65010'],
    'The /30 of the virtual interface': '169.254.10.0/30',
    'Name the route tables': true,
    'route table 1: id': 'rtb-0468f52220000000a',
    'route table 1: availability zone': 'cn-north-1a',
    'route table 1: its subnets': '172.16.11.0/24',
  };

  test('asks for what it can not know, and refuses at once what is wrong', async () => {
    const ran = await run('vpn init', { answers: ANSWERS });
    expect([ran.exit, ran.refused]).toEqual([
      0,
      [
        'this must be 1 to 31 letters, digits or "-", beginning with a letter',
        'beijing is not a region: write it like cn-north-1 or us-east-1',
        'this has host bits set: did you mean 172.16.0.0/16?',
        'this has no prefix length: write 10.10.0.0/32 for one host',
        'this is a public address: use the private one (as the machine itself sees it)',
        'this is a private address: use the public one (the Elastic IP, or what the internet sees)',
        'this is not a number from 1 to 4294967294',
      ],
    ]);
    const flags = await run(
      `vpn init ${PLACE} --network 10.20.0.0/16 --crypto cnsa --vgw vgw-078bcc55 ${GATEWAY.replace(/,eni=.*/, '')} --router public=198.51.100.77,dialect=ios-cryptomap,asn=65010 --dx vlan=100,inside=169.254.10.0/30,cloud_asn=64512 --table id=rtb-0468f52220000000a,az=cn-north-1a,subnet=172.16.11.0/24`,
    );
    expect(ran.files['hybridctl.yaml']!.content).toBe(flags.files['hybridctl.yaml']!.content);
  });

  test('for gateways of AWS it asks for none, and for AS numbers and tables; the answers count once', async () => {
    const ran = await run('vpn init --apply --gateway aws --emit md', {
      answers: {
        ...ANSWERS,
        'office router 1: BGP AS number': ['x', '65020'],
        'Route tables that take': ['rtb', 'rtb-0468f52220000000a'],
      },
    });
    expect(ran.asked.filter((question) => /gateway|Direct Connect/.test(question))).toEqual([]);
    expect([new Set(ran.asked).size, ran.refused.slice(-2)]).toEqual([
      ran.asked.length,
      ['this is not a number from 1 to 4294967294', expect.stringContaining('is not a route table id')],
    ]);
  });

  test('asks nothing that a flag has said', async () => {
    const ran = await run(`vpn init ${PLACE} ${GATEWAY} ${ROUTER} --crypto modern`, { answers: {} });
    expect([ran.exit, ran.asked]).toEqual([0, []]);
    const rest = await run(`vpn init ${PLACE} ${GATEWAY} --crypto modern`, {
      answers: { 'router 1: public': '198.51.100.77', 'Name the route': false },
    });
    expect(rest.asked).toEqual([
      'office router 1: public address',
      'office router 1: own address behind NAT (empty: none)',
      'office router 1: what is it?',
      'Another office router?',
      'Is there a Direct Connect?',
      'Name the route tables that point at these links?',
      'Is this right?',
    ]);
  });
});

describe('each answer is judged when it is given, with the rules of validate', () => {
  const REST = { 'Is there a Direct Connect?': false, 'Name the route tables': false } as const;
  test('an office network that meets the VPC', async () => {
    const line = `vpn init ${PLACE.replace(/ --network.*/, '')} ${GATEWAY} ${ROUTER} --crypto modern`;
    const ran = await run(line, { answers: { 'Networks of the office': ['172.16.9.0/24', '10.10.0.0/16'], ...REST } });
    expect([ran.exit, ran.refused]).toEqual([0, [expect.stringContaining('172.16.9.0/24')]]);
  });
  test('a gateway outside the VPC, and a second one with the address of the first', async () => {
    const answers = {
      'gateway 1: availability zone': 'cn-north-1a',
      'gateway 1: private': ['10.99.0.1', '172.16.1.157'],
      'gateway 1: Elastic': '203.0.113.11',
      'Another VPN gateway?': true,
      'gateway 2: availability zone': 'cn-north-1b',
      'gateway 2: private': ['172.16.1.157', '172.16.2.126'],
      'gateway 2: Elastic': ['203.0.113.11', '203.0.113.12'],
    };
    let once = true;
    const asked = fakeAsk({ ...answers, ...REST });
    const ran = await run(`vpn init ${PLACE} ${ROUTER} --crypto modern`, {
      ports: {
        ask: {
          ...asked,
          confirm: async (question, options) => {
            if (!question.includes('Another VPN')) return asked.confirm(question, options);
            return once && !(once = false);
          },
        },
      },
    });
    expect([ran.exit, asked.refused]).toEqual([
      0,
      [
        expect.stringContaining('10.99.0.1'),
        expect.stringContaining('172.16.1.157'),
        expect.stringContaining('203.0.113.11'),
      ],
    ]);
  });
});

describe('back, the summary and the draft', () => {
  const LINE = `vpn init --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16 ${GATEWAY} ${ROUTER} --crypto modern`;
  const REST = { 'Direct Connect?': false, 'Name the route': false } as const;

  test('< asks the question before again, also at a yes or no', async () => {
    const ran = await run(LINE, {
      answers: {
        'Name of': ['offce', 'office'],
        'Cloud region': ['<', 'cn-north-1'],
        ...REST,
        'Name the route': ['<', false],
      },
    });
    expect([ran.exit, ran.asked]).toEqual([
      0,
      [
        'Name of this site',
        'Cloud region (like cn-north-1)',
        'Name of this site',
        'Cloud region (like cn-north-1)',
        'Is there a Direct Connect?',
        'Name the route tables that point at these links?',
        'Is there a Direct Connect?',
        'Name the route tables that point at these links?',
        'Is this right?',
      ],
    ]);
  });

  test('the summary stands before the write; a no writes the draft alone, which the next start offers', async () => {
    const no = await run(LINE, { answers: { 'Name of': 'office', region: 'cn-north-1', ...REST, right: false } });
    expect([no.exit, Object.keys(no.files)]).toEqual([1, ['hybridctl.yaml.draft']]);
    expect(no.err).toMatch(
      /site office: region cn-north-1.*\n {2}office networks 10.10.0.0\/16\n {2}gateway gw-1: az cn-north-1a/,
    );
    expect(no.err).toContain('your answers are kept in hybridctl.yaml.draft');
    expect(no.files['hybridctl.yaml.draft']!.mode).toBe(0o600);
    const removed: string[] = [];
    const shell = fakeShell({ rm: ({ args }) => (removed.push(args.join(' ')), '') });
    const on = await run(LINE, { files: no.files, answers: {}, ports: { shell } });
    expect([on.exit, on.asked, removed]).toEqual([
      0,
      [expect.stringMatching(/^Go on with the 4 answers of \d{4}-\d\d-\d\d \d\d:\d\d UTC\?$/), 'Is this right?'],
      ['-f -- /site/hybridctl.yaml.draft'],
    ]);
    const anew = await run(LINE, {
      files: no.files,
      answers: { 'Go on': false, 'Name of': 'other', region: 'cn-north-1', ...REST },
      ports: { shell },
    });
    expect(anew.files['hybridctl.yaml']!.content).toContain('site: other');
  });

  test('a dry run keeps nothing, and a damaged draft is no question', async () => {
    const dry = await run(`${LINE} --dry-run`, {
      answers: { 'Name of': 'office', region: 'cn-north-1', ...REST, right: false },
    });
    expect([dry.exit, dry.files]).toEqual([1, {}]);
    for (const text of ['', '{', '{"version":2,"entries":[{}]}', '{"version":1,"entries":[]}', '[]']) {
      const ran = await run(LINE, {
        files: { 'hybridctl.yaml.draft': text },
        answers: { 'Name of': 'office', region: 'cn-north-1', ...REST },
      });
      expect([ran.exit, ran.asked[0]], text).toEqual([0, 'Name of this site']);
    }
  });
});

describe('what the account has is offered', () => {
  test('VPC, instance and route table are chosen, and fill in what follows from them', async () => {
    const cloud = await testCloud(fixture('lab'));
    const seen: string[] = [];
    const ask = fakeAsk({
      'Name of': 'office',
      region: 'cn-north-1',
      Networks: '10.10.0.0/16',
      'router 1: public': '198.51.100.77',
      'Direct Connect?': false,
    });
    const ran = await run('vpn init --crypto modern', {
      ports: {
        aws: async () => cloud.aws(),
        clock,
        ask: {
          ...ask,
          select: async (question, choices, options) => {
            if (/what is it/.test(question)) return ask.select(question, choices, options);
            seen.push(`${question}: ${choices[0]!.name} | ${choices[0]!.description}`);
            return choices[0]!.value;
          },
        },
      },
    });
    expect([ran.exit, ran.err.split('\n')[0]]).toEqual([0, '']);
    expect(seen).toMatchInlineSnapshot(`
      [
        "VPC: demo (vpc-0d5a1b2c3d4e5f607) | 172.16.0.0/16",
        "VPN gateway 1: instance: gw-1 (i-0e1466e8a5dd4892c) | 172.16.1.157, 203.0.113.11 in cn-north-1a",
        "route table 1: main (rtb-0f275a33196ae14fe) | 172.16.1.0/24 in cn-north-1a, 172.16.2.0/24 in cn-north-1b",
      ]
    `);
    expect(ran.files['hybridctl.yaml']!.content).toMatch(/vpc: vpc-\w+/);
    expect(ran.files['hybridctl.yaml']!.content).toMatch(/instance: i-\w+/);
  });

  test('without credentials, or when nobody answers in time, that is said once and values are typed', async () => {
    const answers = {
      'Name of': 'office',
      region: 'cn-north-1',
      'CIDR of': '172.16.0.0/16',
      Networks: '10.10.0.0/16',
      'Direct Connect?': false,
      'Name the route': false,
    };
    for (const [aws, time, why] of [
      [async () => Promise.reject(new Error('no credentials were found')), clock, 'no credentials were found'],
      [() => new Promise<never>(() => undefined), fakeClock(), 'no answer within 3 s'],
    ] as const) {
      const ran = await run(`vpn init ${GATEWAY} ${ROUTER} --crypto modern`, { answers, ports: { aws, clock: time } });
      expect([ran.exit, ran.err.match(/nothing of the AWS account is offered \((.*)\)/g)]).toEqual([
        0,
        [`nothing of the AWS account is offered (${why})`],
      ]);
    }
  });
});

describe('the real command at a pseudo-terminal', () => {
  let program = '';
  let folder = '';
  beforeAll(async () => {
    program = await builtProgram();
    folder = await mkdtemp(join(tmpdir(), 'hybridctl-init-'));
  }, 60_000);
  afterAll(async () => {
    if (folder !== '') await rm(folder, { recursive: true, force: true });
  });
  const line = (text: string): string[] => text.split(' ');

  test('Ctrl-C in the middle writes nothing but the draft and ends with 130', async () => {
    const { exit, stdout, screen } = await atTerminal(
      program,
      line('vpn init'),
      [
        { see: 'Name of this site', type: 'offce\r' },
        { see: 'Cloud region', type: '\u0003' },
      ],
      folder,
    );
    expect([exit, stdout, await readdir(folder)]).toEqual([130, '', ['hybridctl.yaml.draft']]);
    expect(screen).toContain('(< goes back)');
    expect((await stat(join(folder, 'hybridctl.yaml.draft'))).mode & 0o777).toBe(0o600);
  });

  test('the next start goes on there; < goes back; stdout holds the result alone, and the draft is gone', async () => {
    const { exit, stdout, screen } = await atTerminal(
      program,
      line(`vpn init --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16 ${GATEWAY} --crypto modern --json`),
      [
        { see: 'Go on with the 1 answer', type: '\r' },
        { see: 'Cloud region', type: '<\r' },
        { see: 'Name of this site', type: 'office\r' },
        { see: 'Cloud region', type: 'cn-north-1\r' },
        { see: 'public address', type: '198.51.100.77\r' },
        { see: 'own address', type: '\r' },
        { see: 'what is it?', type: '\r' },
        { see: 'Another office router?', type: '\r' },
        { see: 'Direct Connect?', type: '\r' },
        { see: 'Name the route tables', type: 'n\r' },
        { see: 'Is this right?', type: '\r' },
      ],
      folder,
    );
    expect([exit, JSON.parse(stdout).written]).toEqual([0, true]);
    expect(screen).toContain('Cisco IOS or IOS XE, a tunnel interface');
    expect(await readdir(folder)).not.toContain('hybridctl.yaml.draft');
    const text = await readFile(join(folder, 'hybridctl.yaml'), 'utf8');
    expect([readDocument(text).mistakes, text]).toEqual([[], expect.stringContaining('site: office\n')]);
    expect((await stat(join(folder, 'psk', 'vpn1'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'psk'))).mode & 0o777).toBe(0o700);
  });
});
