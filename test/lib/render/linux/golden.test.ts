import { describe, expect, it } from 'vitest';
import type { Site } from '../../../../src/lib/domain/site.ts';
import { bundle, rendered, siteOf } from './rendered.ts';

/** The two-AZ site with its first gateway and router changed, as one box of each dialect would be. */
const lab = (gateway: object, router: object = {}, tunnel: object = {}, rest: object = {}): Site =>
  siteOf('lab', (site) => {
    Object.assign(site, rest);
    Object.assign(site.gateways[0], gateway);
    Object.assign(site.onprem.routers[0], router);
    Object.assign(site.tunnels[0], tunnel);
  });

/** Both networks of each side, so that there is more than one pair of selectors. */
const twoNetworks = (site: Site): Site => ({
  ...site,
  cloud: { ...site.cloud, networks: ['172.16.11.0/24', '172.16.12.0/24'] },
  onprem: { ...site.onprem, networks: ['10.10.0.0/16', '10.20.0.0/16'] },
});
/** Both tunnels end on gw-1. */
const twoTunnels = siteOf('lab', (site) => {
  site.gateways[0].interface = 'xfrm';
  site.gateways[0].wan = 'ens5.100';
  site.tunnels[1].gateway = 'gw-1';
});
/** No Direct Connect and no BGP: the box's own routes are the only ones. */
const withoutBgp = siteOf('lab', (site) => {
  site.links = site.links.filter((link: { kind: string }) => link.kind === 'vpn');
  site.route_tables = [];
  Object.assign(site.onprem.routers[0], { interface: 'vti', wan: 'eth0' });
  delete site.onprem.routers[0].asn;
});

const BOXES: readonly (readonly [golden: string, site: Site, device: string])[] = [
  ['ipsec-conf/seed-bjs.strongswan-1', siteOf('seed-bjs'), 'strongswan-1'],
  ['ipsec-conf/seed-bjs.strongswan-2', siteOf('seed-bjs'), 'strongswan-2'],
  ['ipsec-conf/modern-vti', lab({ dialect: 'ipsec-conf', interface: 'vti' }), 'gw-1'],
  [
    'ipsec-conf/cnsa-policy',
    twoNetworks(lab({ dialect: 'ipsec-conf' }, {}, { mode: 'policy' }, { crypto: 'cnsa' })),
    'gw-1',
  ],
  ['ipsec-conf/modern-tun-onprem', lab({}, { dialect: 'ipsec-conf' }), 'rtr-1'],
  ['openswan/seed-openswan', siteOf('seed-openswan'), 'openswan-1'],
  [
    'libreswan/seed-policy',
    siteOf('seed-openswan', (site) => void (site.gateways[0].dialect = 'libreswan')),
    'openswan-1',
  ],
  ['libreswan/modern-xfrm', lab({ dialect: 'libreswan', interface: 'xfrm' }), 'gw-1'],
  ['libreswan/cnsa-vti', lab({ dialect: 'libreswan', interface: 'vti' }, {}, {}, { crypto: 'cnsa' }), 'gw-1'],
  ['libreswan/modern-policy-onprem', twoNetworks(lab({}, { dialect: 'libreswan' }, { mode: 'policy' })), 'rtr-1'],
  ['swanctl/lab.gw-1', siteOf('lab'), 'gw-1'],
  ['swanctl/lab.rtr-2', siteOf('lab'), 'rtr-2'],
  ['swanctl/seed-vti', siteOf('seed-bjs', (site) => void (site.gateways[0].dialect = 'swanctl')), 'strongswan-1'],
  ['swanctl/cnsa-xfrm', lab({ interface: 'xfrm' }, {}, {}, { crypto: 'cnsa' }), 'gw-1'],
  ['swanctl/modern-policy', twoNetworks(lab({}, {}, { mode: 'policy' })), 'gw-1'],
  ['linux/two-tunnels-vlan', twoTunnels, 'gw-1'],
  ['linux/onprem-without-bgp', withoutBgp, 'rtr-1'],
];

describe('whole boxes', () => {
  it.each(BOXES)('%s', async (golden, site, device) => {
    await expect(bundle(rendered(site, device))).toMatchFileSnapshot(`../../../golden/${golden}.txt`);
  });

  it.each(BOXES)('%s: a key stands only in files of mode 0600', (_golden, site, device) => {
    const files = rendered(site, device);
    const holding = files.filter(({ content }) => content.includes('Key.of.'));
    expect(holding.length).toBeGreaterThan(0);
    expect(holding.filter(({ mode }) => mode !== 0o600)).toEqual([]);
  });
});
