import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { run, type Ran } from '../helpers/run.ts';

const GATEWAY =
  '--gateway az=cn-north-1a,private=172.16.1.157,public=203.0.113.11,instance=i-0e1466e8a5dd4892c,eni=eni-023fbd87a1b2c3d4e';
const GATEWAY_2 = '--gateway az=cn-north-1b,private=172.16.2.126,public=203.0.113.12,instance=i-0430fe110cdec5835';
const ROUTER = '--router public=198.51.100.77,dialect=ios-vti,asn=65010';
const ROUTER_2 = '--router public=198.51.100.140,private=10.10.2.100,dialect=swanctl,asn=65010';
const PLACE = '--name office --region cn-north-1 --vpc-cidr 172.16.0.0/16 --network 10.10.0.0/16';
const SMALL = `vpn init ${PLACE} ${GATEWAY} ${ROUTER}`;
const LARGE = `vpn init ${PLACE} --vgw vgw-078bcc55 ${GATEWAY} ${GATEWAY_2} ${ROUTER} ${ROUTER_2} --dx inside=169.254.10.0/30,cloud_asn=64512 --table id=rtb-0468f52220000000a,az=cn-north-1a,subnet=172.16.11.0/24 --table id=rtb-04b8f522f0000000b,az=cn-north-1b,subnet=172.16.12.0/24+172.16.13.0/24`;

const own = (ran: Ran): readonly string[] =>
  Object.keys(ran.files)
    .filter((path) => !path.startsWith('rendered/'))
    .sort();
const site = (ran: Ran): any => parse(ran.files['hybridctl.yaml']!.content);
const keyOf = (ran: Ran, tunnel = 'vpn1'): string => ran.files[`psk/${tunnel}`]!.content;

/** AWS sets a key where the site names none, and the router has to have it. */
const WARNED =
  'warning: links[0].bgp_password_file: is not set: AWS always sets an MD5 key on the BGP session of dx-1, which stays down until the router has the same key\nwarning: onprem.routers[1].private_ip: the NAT at 198.51.100.140 has to forward UDP 500 and 4500 to 10.10.2.100 (rtr-2), since the gateway begins: or set initiator: router on its tunnels\n';

test('a large site from flags alone: the site file as a person reads it', async () => {
  const ran = await run(LARGE);
  expect([ran.err, ran.exit]).toEqual([WARNED, 0]);
  await expect(ran.files['hybridctl.yaml']!.content).toMatchFileSnapshot('../golden/init/hybridctl.yaml');
  expect(own(ran)).toEqual(['hybridctl.schema.json', 'hybridctl.yaml', 'psk/.gitignore', 'psk/vpn1', 'psk/vpn2']);
  expect(ran.files['psk/vpn1']!.mode).toBe(0o600);
  expect(keyOf(ran)).toMatch(/^[A-Za-z1-9._][A-Za-z0-9._]{39}\n$/);
  expect(keyOf(ran)).not.toBe(keyOf(ran, 'vpn2'));
  expect([ran.files['psk/.gitignore']!.content, ran.files['rendered/.gitignore']!.content]).toEqual([
    '# Files for site office, made by hybridctl.\n*\n',
    '# Files for site office, made by hybridctl.\n*\n',
  ]);
  expect(
    Object.entries(ran.files)
      .filter(([, { content, mode }]) => content.includes(keyOf(ran).trim()) && mode !== 0o600)
      .map(([path]) => path),
  ).toEqual([]);
  expect((await run('config validate', { files: ran.files })).exit).toBe(0);
  expect((await run('vpn render --dry-run --detailed-exitcode', { files: ran.files })).exit).toBe(0);
});

test('what a person reads, and what a program reads, hold no key', async () => {
  const ran = await run(SMALL);
  expect(ran.out).toContain(
    'vpn1  gw-1 169.254.100.2 <-> rtr-1 169.254.100.1  modern\n      1500 - 20 outer IPv4 header',
  );
  expect(ran.out).toMatch(/0600 +psk\/vpn1 +pre-shared key/);
  expect(ran.out).toContain('next: hybridctl lab up');
  expect(ran.out).not.toContain(keyOf(ran).trim());
  const json = await run(`${SMALL} --json`);
  expect(json.json()).toMatchObject({
    site: 'hybridctl.yaml',
    written: true,
    tunnels: [{ name: 'vpn1', mtu: 1438, mss: 1398 }],
    warnings: [],
    nextSteps: ['hybridctl config validate', 'hybridctl lab up'],
  });
  expect(json.out).not.toContain(keyOf(json).trim());
});

test('every answer is a variable too', async () => {
  const env = {
    HYBRIDCTL_NAME: 'office',
    HYBRIDCTL_REGION: 'cn-north-1',
    HYBRIDCTL_VPC_CIDR: '172.16.0.0/16',
    HYBRIDCTL_NETWORK: '10.10.0.0/16',
    HYBRIDCTL_GATEWAY: `${GATEWAY} ${GATEWAY_2}`.replaceAll('--gateway ', ''),
    HYBRIDCTL_ROUTER: `${ROUTER} ${ROUTER_2}`.replaceAll('--router ', ''),
    AWS_REGION: 'us-east-1',
  };
  // Commander reads variables of the process.
  Object.assign(process.env, env);
  try {
    const ran = await run('vpn init', { env });
    const flags = await (async () => {
      for (const key of Object.keys(env)) delete process.env[key];
      return run(`vpn init ${PLACE} ${GATEWAY} ${GATEWAY_2} ${ROUTER} ${ROUTER_2}`);
    })();
    expect([ran.exit, ran.files['hybridctl.yaml']!.content]).toEqual([0, flags.files['hybridctl.yaml']!.content]);
  } finally {
    for (const key of Object.keys(env)) delete process.env[key];
  }
});

test('off a terminal, all that is missing is named at once', async () => {
  expect(await run('vpn init')).toMatchObject({
    exit: 2,
    out: '',
    files: {},
    err: expect.stringMatching(
      /^hybridctl: missing --name, --region, --vpc-cidr, --gateway, --network, --router\n {2}next: /,
    ),
  });
  expect((await run('vpn init --name office --gateway az=cn-north-1a --router dialect=ios-vti')).err).toMatch(
    /^hybridctl: missing --region, --vpc-cidr, --network, --gateway \(1\) private=, --gateway \(1\) public=, --router \(1\) public=\n/,
  );
});

describe('bad input: one line with the field, exit 2, nothing written', () => {
  const long = 'x'.repeat(200_000);
  test.each([
    [
      'a wrong CIDR',
      SMALL.replace('172.16.0.0/16', '172.16.0.0/33'),
      '--vpc-cidr: 172.16.0.0/33 has a prefix length that is not 0 to 32',
    ],
    [
      'host bits',
      SMALL.replace('10.10.0.0/16', '10.10.0.9/16'),
      '--network: 10.10.0.9/16 has host bits set: did you mean 10.10.0.0/16?',
    ],
    [
      'overlapping networks',
      SMALL.replace('10.10.0.0/16', '172.16.9.0/24'),
      'onprem.networks[0]: 172.16.9.0/24 overlaps 172.16.0.0/16 of cloud.cidr: each needs addresses of its own',
    ],
    [
      'a duplicate name',
      `${SMALL} --tunnel name=a,gateway=gw-1,router=rtr-1 ${GATEWAY_2} --tunnel name=A,gateway=gw-2,router=rtr-1`,
      'tunnels[1].name: A is taken by tunnels[0].name: choose another name (case does not tell two apart)',
    ],
    [
      'a reserved /30',
      `${SMALL} --tunnel gateway=gw-1,router=rtr-1,inside=169.254.5.0/30`,
      'tunnels[0].inside: 169.254.5.0/30 is reserved by AWS: take another /30, like 169.254.100.0/30',
    ],
    [
      'a public address where a private one belongs',
      SMALL.replace('172.16.1.157', '8.8.8.8'),
      'gateways[0].private_ip: 8.8.8.8 is a public address: use the private one (as the machine itself sees it)',
    ],
    [
      'a private address where a public one belongs',
      SMALL.replace('198.51.100.77', '10.0.0.1'),
      'onprem.routers[0].public_ip: 10.0.0.1 is a private address: use the public one (the Elastic IP, or what the internet sees)',
    ],
    [
      'a name of 200 KB',
      SMALL.replace('--name office', `--name ${long}`),
      `--name: "${'x'.repeat(40)}…" (200000 characters) is not 1 to 31 letters, digits or "-", beginning with a letter: write it like office`,
    ],
    [
      'a name with a newline',
      SMALL.replace('--name office', "--name 'off\nice'"),
      '--name: "off?ice" is not 1 to 31 letters, digits or "-", beginning with a letter: write it like office',
    ],
    [
      'a name that YAML would read otherwise',
      SMALL.replace('--name office', "--name '1e3'"),
      '--name: 1e3 is not 1 to 31 letters, digits or "-", beginning with a letter: write it like office',
    ],
    [
      'an unknown dialect',
      SMALL.replace('ios-vti', 'ios-vty'),
      'onprem.routers[0].dialect: ios-vty is not known here: did you mean ios-vti?',
    ],
    ['a number that is none', SMALL.replace('65010', '65k'), 'onprem.routers[0].asn: 65k does not fit: give a number'],
    [
      'an unknown key',
      SMALL.replace('private=', 'privat='),
      '--gateway (1): "privat=172.16.1.157" is not one of its keys: did you mean private=?',
    ],
    [
      'a key twice',
      SMALL.replace('az=cn-north-1a', 'az=cn-north-1a,az=cn-north-1b'),
      '--gateway (1): az is given twice: remove one',
    ],
    [
      'an unknown gateway',
      `${SMALL} --tunnel gateway=gw-9,router=rtr-1`,
      'tunnels[0].gateway: no gateway is called gw-9: there are gw-1'.replace('there are', 'there is'),
    ],
    [
      'Direct Connect without a VGW',
      `${SMALL} --dx inside=169.254.10.0/30,cloud_asn=64512`,
      'cloud.vgw: is missing: the dx link dx-1 ends on a virtual private gateway: set its id',
    ],
    [
      'a key file that is no pair',
      `${SMALL} --psk-file hunter2`,
      '--psk-file: is not a tunnel and a file: write TUNNEL=FILE',
    ],
    ['a key for no tunnel', `${SMALL} --psk-file vpn9=k`, '--psk-file: no tunnel is called vpn9'],
    ['a key file that is not there', `${SMALL} --psk-file vpn1=k`, '--psk-file vpn1: k: no such file'],
    ['an unknown example', 'vpn init --example moon', '--example: moon is not one of lab, legacy-vpn, legacy-openswan'],
    [
      'a region that does not exist',
      SMALL.replace('--region cn-north-1', '--region cn-nort-1'),
      '--region: cn-nort-1 is not a known region: did you mean cn-north-1? If it is a new one, set HYBRIDCTL_ALLOW_REGION=cn-nort-1',
    ],
    [
      'a gateway in a zone of another region',
      SMALL.replace('az=cn-north-1a', 'az=eu-west-1a'),
      '--gateway (1) az: eu-west-1a is a zone of eu-west-1, not of cn-north-1',
    ],
    [
      'a route table in a zone that there is not',
      `${SMALL} --table id=rtb-0468f52220000000a,az=cn-north-1z`,
      '--table (1) az: cn-north-1z is not a zone of cn-north-1: it looks like cn-north-1a',
    ],
    [
      'two networks behind one flag, as it was written before',
      SMALL.replace('--network 10.10.0.0/16', '--network 10.10.0.0/16 10.20.0.0/16'),
      '--network: takes one value each time: write --network 10.10.0.0/16 --network 10.20.0.0/16',
    ],
    ['a form of the plan without --apply', `${SMALL} --emit sh`, '--emit: works only with --apply: add that too'],
  ])('%s', async (_, line, expected) => {
    const ran = await run(line);
    expect([ran.err.split('\n')[0], ran.exit, ran.out, ran.files]).toEqual([`hybridctl: ${expected}`, 2, '', {}]);
  });
});

describe('keys', () => {
  const KEY = 'Given.key_0123456789abcdef0123456789';
  test.each([
    ['a newline', 'two\nlines.in.it', 'the key has a line break: put it on one line'],
    ['a quote', 'with"quote"in', 'the key has a character that not every box takes: use letters, digits, "." and "_"'],
    ['a blank', 'with blank in', 'the key has a character that not every box takes: use letters, digits, "." and "_"'],
    ['a leading 0', '0123456789', 'the key begins with 0, which AWS refuses: begin it with another character'],
    ['five characters', 'cisco', 'the key has 5 characters: 8 is the least, 32 are better'],
  ])('%s is refused, from the environment and from a file, and never shown', async (_, key, expected) => {
    const variable = await run(SMALL, { env: { HYBRIDCTL_PSK_VPN1: key } });
    expect([variable.err, variable.exit, variable.files]).toEqual([
      `hybridctl: HYBRIDCTL_PSK_VPN1: ${expected}\n`,
      2,
      {},
    ]);
    const file = await run(`${SMALL} --psk-file vpn1=mine`, { files: { mine: { content: key, mode: 0o600 } } });
    expect([file.err, file.exit, Object.keys(file.files)]).toEqual([
      `hybridctl: --psk-file vpn1: mine: ${expected}\n`,
      2,
      ['mine'],
    ]);
  });

  test('one from the environment or a file is taken', async () => {
    expect(keyOf(await run(SMALL, { env: { HYBRIDCTL_PSK_VPN1: KEY } }))).toBe(`${KEY}\n`);
    expect(
      keyOf(await run(`${SMALL} --psk-file vpn1=mine`, { files: { mine: { content: `${KEY}\n`, mode: 0o400 } } })),
    ).toBe(`${KEY}\n`);
  });

  test('one that others can read is refused with the way to fix it', async () => {
    const ran = await run(`${SMALL} --psk-file vpn1=mine`, { files: { mine: { content: KEY, mode: 0o640 } } });
    expect([ran.err, ran.exit]).toEqual([
      'hybridctl: --psk-file vpn1: mine can be read by others (mode 0640)\n  next: chmod 600 /site/mine\n',
      2,
    ]);
  });

  test('one that is there is kept; another in its place is refused', async () => {
    const files = { 'psk/vpn1': { content: `${KEY}\n`, mode: 0o600 } };
    expect(keyOf(await run(SMALL, { files }))).toBe(`${KEY}\n`);
    const ran = await run(SMALL, { files, env: { HYBRIDCTL_PSK_VPN1: 'Another.key.altogether.indeed' } });
    expect([ran.err, ran.exit, ran.files]).toEqual([
      'hybridctl: HYBRIDCTL_PSK_VPN1: psk/vpn1 holds another key\n  next: keep it, or remove psk/vpn1 first\n',
      2,
      files,
    ]);
  });

  test('a variable of no tunnel is refused: a misspelt one would mean a random key', async () => {
    expect((await run(SMALL, { env: { HYBRIDCTL_PSK_VPN_1: KEY } })).err).toBe(
      'hybridctl: HYBRIDCTL_PSK_VPN_1: no tunnel has this variable\n  next: the variables are HYBRIDCTL_PSK_VPN1\n',
    );
  });

  test("the field documents' short key is taken at level legacy, with a warning", async () => {
    const ran = await run('vpn init --example legacy-vpn', {
      env: { HYBRIDCTL_PSK_VPN1: 'cisco', HYBRIDCTL_PSK_VPN2: 'cisco' },
    });
    expect([ran.exit, keyOf(ran)]).toEqual([0, 'cisco\n']);
    expect(ran.err).toContain('warning: vpn1: the key has only 5 characters');
  });
});

describe('a site file that is there', () => {
  const COMMENTED = readFileSync('test/fixtures/lab.yaml', 'utf8')
    .replace('site: demo', 'site: demo # the pilot')
    .replace('  - name: gw-2', '  # moved to AZ b in May\n  - name: gw-2')
    .replace('public_ip: 203.0.113.12', 'public_ip: 203.0.113.12   # EIP eipalloc-1');

  test('is not changed without a yes', async () => {
    const files = { 'hybridctl.yaml': COMMENTED };
    const refused = await run('vpn init --crypto cnsa', { files });
    expect([refused.err, refused.exit, own(refused)]).toEqual([
      `${WARNED}hybridctl: confirmation needed: add --force\n`,
      2,
      ['hybridctl.yaml'],
    ]);
    const no = await run('vpn init --crypto cnsa', { files, answers: { 'Change it?': false } });
    // What would change stands before the question.
    expect(no.err).toMatch(/^\+crypto: cnsa$/m);
    expect([
      no.exit,
      no.err.startsWith(WARNED),
      no.err.endsWith('\nhybridctl: cancelled; nothing was changed\n'),
    ]).toEqual([1, true, true]);
    expect([own(no), no.asked]).toEqual([['hybridctl.yaml'], ['hybridctl.yaml is there already. Change it?']]);
    expect(site(await run('vpn init --crypto cnsa', { files, answers: { 'Change it?': true } })).crypto).toBe('cnsa');
    expect((await run('vpn init --example lab', { files })).exit).toBe(2);
  });

  test('only what was said changes: the rest of the text stays, comments too', async () => {
    const ran = await run(
      'vpn init --force --crypto cnsa --gateway name=gw-2,public=203.0.113.99 --network 10.10.0.0/16 --network 10.20.0.0/16',
      { files: { 'hybridctl.yaml': COMMENTED } },
    );
    expect([ran.err, ran.exit]).toEqual([WARNED, 0]);
    const plain = (text: string) => text.replace(/[[{] | [\]}]/g, (bracket) => bracket.trim()).replace(/ +#/g, ' #');
    expect(plain(ran.files['hybridctl.yaml']!.content)).toBe(
      plain(
        COMMENTED.replace('crypto: modern', 'crypto: cnsa')
          .replace('203.0.113.12', '203.0.113.99')
          .replace('[10.10.0.0/16]', '[10.10.0.0/16, 10.20.0.0/16]'),
      ),
    );
  });

  test('a second run with the same answers changes nothing at all', async () => {
    const first = await run(LARGE);
    const second = await run(LARGE, { files: first.files });
    expect([second.exit, second.files]).toEqual([0, first.files]);
    expect(second.out).toContain('hybridctl.yaml and all that follows from it are as they should be');
    expect((await run('vpn init', { files: first.files })).files).toEqual(first.files);
  });

  test('a new gateway brings its tunnel, link, key and files', async () => {
    const first = await run(SMALL);
    const second = await run(`vpn init --force ${GATEWAY_2.replace('az=', 'name=gw-2,az=')}`, { files: first.files });
    expect(site(second).tunnels).toEqual([
      { name: 'vpn1', gateway: 'gw-1', router: 'rtr-1', inside: '169.254.100.0/30', psk_file: 'psk/vpn1' },
      { name: 'vpn2', gateway: 'gw-2', router: 'rtr-1', inside: '169.254.100.4/30', psk_file: 'psk/vpn2' },
    ]);
    expect(site(second).links).toEqual([
      { name: 'vpn-a', kind: 'vpn', tunnel: 'vpn1' },
      { name: 'vpn-b', kind: 'vpn', tunnel: 'vpn2' },
    ]);
    expect([keyOf(second), own(second)]).toEqual([keyOf(first), [...own(first), 'psk/vpn2'].sort()]);
  });

  test('one with a mistake is shown with its line first', async () => {
    const ran = await run('vpn init --crypto cnsa --force', {
      files: { 'hybridctl.yaml': COMMENTED.replace('169.254.100.0', '169.254.0.0') },
    });
    expect([ran.err.split('\n')[0], ran.exit]).toEqual([
      'hybridctl: hybridctl.yaml:32: tunnels[0].inside: 169.254.0.0/30 is reserved by AWS: take another /30, like 169.254.100.0/30',
      2,
    ]);
  });
});

test.each(['lab', 'legacy-vpn', 'legacy-openswan'])('--example %s is a valid site, ready to render', async (name) => {
  const ran = await run(`vpn init --example ${name}`);
  expect(ran.exit).toBe(0);
  expect(ran.files['hybridctl.yaml']!.content.split('\n')[0]).toBe(
    '# yaml-language-server: $schema=hybridctl.schema.json',
  );
  expect((await run('config validate', { files: ran.files })).exit).toBe(0);
});

test('--dry-run and --no-render', async () => {
  const dry = await run(`${SMALL} --dry-run`);
  expect([dry.exit, dry.files]).toEqual([0, {}]);
  expect(dry.out).toMatch(/\d+ files would be written\n$/);
  const bare = await run(`${SMALL} --no-render`);
  expect(Object.keys(bare.files).sort()).toEqual(own(bare));
  expect(bare.out).toContain('next: hybridctl vpn render');
});

test('default /30s keep clear of those in use', async () => {
  const ran = await run(`${SMALL} --vgw vgw-078bcc55 --dx inside=169.254.100.0/30,cloud_asn=64512`);
  expect(site(ran).tunnels[0].inside).toBe('169.254.100.4/30');
});

test('a box without tunnel interfaces gets a policy-based tunnel', async () => {
  const ran = await run(SMALL.replace('ios-vti', 'ios-cryptomap'));
  expect([ran.exit, site(ran).tunnels[0].mode]).toEqual([0, 'policy']);
});
