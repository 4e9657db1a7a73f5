import connectionSource from '../../../../templates/swanctl/connection.conf.hbs?raw';
import secretSource from '../../../../templates/swanctl/secret.conf.hbs?raw';
import daemonSource from '../../../../templates/swanctl/strongswan.conf.hbs?raw';
import { keyIds } from '../../domain/tunnel.ts';
import { template } from '../engine.ts';
import type { RenderedFile } from '../types.ts';
import { selectorPairs, type LinuxBox, type LinuxTunnel } from './box.ts';
import { credentialFiles, credentialNames } from './credentials.ts';
import { title, warnings } from './note.ts';
import { strongswanEsp, strongswanIke } from './proposals.ts';
import { rekeyWindow } from './rekey.ts';

const connection = template(connectionSource);
const secret = template(secretSource);
const daemon = template(daemonSource);

const connectionView = (one: LinuxTunnel, names: ReturnType<typeof credentialNames>) => {
  const { tunnel, local, remote } = one;
  const { suite, numbers } = tunnel;
  const ike = rekeyWindow(suite.lifetime.ike, local);
  const child = rekeyWindow(suite.lifetime.child, local);
  return {
    title: title(one),
    warnings: warnings(one),
    name: tunnel.name,
    ikeVersion: suite.ikeVersion,
    localAddress: local.address,
    remoteAddress: remote.publicAddress,
    localId: local.id,
    remoteId: remote.id,
    certificate: local.auth === 'cert',
    authority: remote.auth === 'cert' && (names?.ca ?? false),
    ike: strongswanIke(suite.ike),
    dpdDelay: suite.dpd.delay,
    // Only IKEv1 has one; in IKEv2 it would promise what it does not do.
    dpdTimeout: suite.ikeVersion === 1 && suite.dpd.timeout,
    ikeRekey: suite.lifetime.ike - ike.margin,
    ikeRand: ike.spread,
    ikeOver: ike.margin,
    children: selectorPairs(one).map((pair) => ({
      name: pair.name,
      localTs: pair.local,
      remoteTs: pair.remote,
      esp: strongswanEsp(suite.esp),
      rekey: suite.lifetime.child - child.margin,
      rand: child.spread,
      life: suite.lifetime.child,
      // One end restarts, the other waits: two that both restart keep replacing each other's SA.
      startAction: local.initiates ? 'start' : 'none',
      dpdAction: local.initiates ? 'restart' : 'clear',
      closeAction: local.initiates ? 'start' : 'none',
      ifId: local.interface === 'xfrm' && numbers.tunnel,
      mark: local.interface === 'vti' && numbers.tunnel,
    })),
  };
};

/** charon's own settings, for both of strongSwan's dialects. */
export const daemonFile = ({ device, tunnels }: LinuxBox): RenderedFile => ({
  path: 'etc/strongswan.d/90-hybridctl.conf',
  mode: 0o644,
  what: 'daemon settings',
  content: daemon({
    device: device.name,
    routeBased: tunnels.some((one) => one.device !== undefined),
    vti: tunnels.some(({ local }) => local.interface === 'vti'),
    tun: tunnels.some(({ local }) => local.interface === 'tun'),
    certificates: tunnels.some(({ local }) => local.auth === 'cert'),
  }),
});

/** The owners of a key. A peer that presents its own address behind NAT is known by both. */
const secretIds = ({ local, remote }: LinuxTunnel) => [
  { key: 'id-local', id: local.id },
  ...keyIds(remote).map((id, index) => ({ key: index === 0 ? 'id-remote' : 'id-remote-own', id })),
];

/** `swanctl.conf` in pieces, one connection and one key a tunnel. */
export const swanctlFiles = (box: LinuxBox): readonly RenderedFile[] => [
  ...box.tunnels.flatMap((one): readonly RenderedFile[] => [
    {
      path: `etc/swanctl/conf.d/${one.tunnel.name}.conf`,
      mode: 0o644,
      what: 'connection',
      content: connection(connectionView(one, credentialNames(box))),
    },
    ...(one.psk === undefined
      ? []
      : [
          {
            path: `etc/swanctl/conf.d/${one.tunnel.name}.secrets.conf`,
            mode: 0o600 as const,
            what: 'pre-shared key',
            content: secret({ title: title(one), name: one.tunnel.name, ids: secretIds(one), psk: one.psk }),
          },
        ]),
  ]),
  ...credentialFiles(box),
  daemonFile(box),
];
