import { describe, expect, test } from 'vitest';
import { clock } from '../../src/lib/adapters/clock.ts';
import { fakeAsk } from '../fakes/ask.ts';
import { fakeClock } from '../fakes/clock.ts';
import { fakeShell } from '../fakes/shell.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';
import { run } from '../helpers/run.ts';

const GATEWAY =
  '--gateway az=cn-north-1a,private=172.16.1.157,public=203.0.113.11,instance=i-0e1466e8a5dd4892c,eni=eni-023fbd87a1b2c3d4e';
const ROUTER = '--router public=198.51.100.77,dialect=ios-vti,asn=65010';
const PLACE = '--name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16';

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
