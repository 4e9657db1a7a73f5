import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDocument } from '../../src/lib/site/document.ts';
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

  test('offers certificates in place of keys: then no key is made, and the next step is the CA', async () => {
    const ran = await run('vpn init', { answers: { ...ANSWERS, 'know each other': 'cert' } });
    expect(ran.exit, ran.err).toBe(0);
    const site = readDocument(String(ran.files['hybridctl.yaml']?.content)).site!;
    expect(site.tunnels.map(({ auth, psk_file }) => [auth, psk_file])).toEqual([['cert', undefined]]);
    expect(Object.keys(ran.files).filter((path) => path.startsWith('psk/'))).toEqual([]);
    expect(ran.out + ran.err).toContain('vpn pki init');
  });

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
