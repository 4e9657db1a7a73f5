import { describe, expect, it } from 'vitest';
import { probePlan } from '../../src/lib/domain/health/probe-plan.ts';
import { relaysOf } from '../../src/lib/domain/relay.ts';
import { tunnelsOf } from '../../src/lib/domain/tunnel.ts';
import { siteOf } from './render/linux/rendered.ts';

const PACE = { tauMs: 100, largeEveryMs: 1_000 };
/** Over Direct Connect no packet goes through a gateway. */
const NO_GATEWAY = { never: ['172.16.1.157', '172.16.2.126'] };
const large = (bytes: number) => ({ bytes, intervalMs: 1_000 });

describe('the plan of probes', () => {
  it('crosses every link of the whole network', () => {
    expect(probePlan(siteOf('lab'), PACE)).toEqual([
      {
        link: 'dx-1',
        id: 'dx-1/10.10.0.2',
        kind: 'icmp',
        address: '10.10.0.2',
        intervalMs: 100,
        way: NO_GATEWAY,
        large: large(1_500),
      },
      {
        link: 'vpn-a',
        id: 'vpn-a/172.16.1.157',
        kind: 'tcp',
        address: '172.16.1.157',
        port: 23_999,
        intervalMs: 100,
        relayed: { bytes: 1_400 },
        large: large(1_400),
      },
      {
        link: 'vpn-b',
        id: 'vpn-b/172.16.2.126',
        kind: 'tcp',
        address: '172.16.2.126',
        port: 23_999,
        intervalMs: 100,
        relayed: { bytes: 1_400 },
        large: large(1_400),
      },
    ]);
  });

  it('asks where the site file says', () => {
    const site = siteOf('lab', (loose) => {
      loose.links[0].probe = { targets: ['10.10.3.100', '10.10.3.101'], kind: 'tcp', port: 443 };
      loose.links[1].probe = { targets: ['10.10.4.1'] };
    });
    expect(probePlan(site, { tauMs: 20 })).toEqual([
      {
        link: 'dx-1',
        id: 'dx-1/10.10.3.100',
        kind: 'tcp',
        address: '10.10.3.100',
        port: 443,
        intervalMs: 20,
        way: NO_GATEWAY,
      },
      {
        link: 'dx-1',
        id: 'dx-1/10.10.3.101',
        kind: 'tcp',
        address: '10.10.3.101',
        port: 443,
        intervalMs: 20,
        way: NO_GATEWAY,
      },
      {
        link: 'vpn-a',
        id: 'vpn-a/10.10.4.1',
        kind: 'icmp',
        address: '10.10.4.1',
        intervalMs: 20,
        way: { via: { gateway: '172.16.1.157', tunnel: '169.254.100.0/30' } },
      },
      {
        link: 'vpn-b',
        id: 'vpn-b/172.16.2.126',
        kind: 'tcp',
        address: '172.16.2.126',
        port: 23_999,
        intervalMs: 20,
        relayed: { bytes: 1_400 },
      },
    ]);
  });

  it('leaves out a link that has no path of its own to be asked on', () => {
    const policy = siteOf('lab', (loose) => {
      loose.tunnels[0].mode = 'policy';
      delete loose.onprem.routers[0].lan_ip;
    });
    expect(probePlan(policy, PACE).map(({ link }) => link)).toEqual(['vpn-b']);
  });
});

describe('relays', () => {
  it('tell the tunnels of one gateway apart, by port and by length', () => {
    const site = siteOf('lab', (loose) => {
      loose.gateways[0].interface = 'xfrm';
      loose.onprem.routers.forEach((router: { dialect: string }) => (router.dialect = 'ios-vti'));
      loose.tunnels[1].gateway = 'gw-1';
      loose.monitor = { relay_port: 40_000 };
    });
    expect(relaysOf(site, tunnelsOf(site))).toEqual([
      { tunnel: 'vpn1', gateway: 'gw-1', address: '172.16.1.157', port: 40_000, echoBytes: 1_438 },
      { tunnel: 'vpn2', gateway: 'gw-1', address: '172.16.1.157', port: 40_001, echoBytes: 1_434 },
    ]);
  });
});
