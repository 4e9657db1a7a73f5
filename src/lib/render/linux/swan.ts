import libreswanConf from '../../../../templates/libreswan/ipsec.conf.hbs?raw';
import libreswanConnection from '../../../../templates/libreswan/connection.conf.hbs?raw';
import libreswanSecrets from '../../../../templates/libreswan/connection.secrets.hbs?raw';
import openswanConf from '../../../../templates/openswan/ipsec.conf.hbs?raw';
import openswanConnection from '../../../../templates/openswan/connection.conf.hbs?raw';
import openswanSecrets from '../../../../templates/openswan/connection.secrets.hbs?raw';
import type { Cidr } from '../../domain/cidr.ts';
import { keyIds } from '../../domain/tunnel.ts';
import { template, type View } from '../engine.ts';
import type { RenderedFile } from '../types.ts';
import type { LinuxBox, LinuxTunnel } from './box.ts';
import { credentialFiles, credentialNames } from './credentials.ts';
import { title, warnings } from './note.ts';
import { swanEsp, swanIke } from './proposals.ts';
import { marginAndFuzz } from './rekey.ts';

const compiled = (conf: string, connection: string, secrets: string) => ({
  conf: template(conf),
  connection: template(connection),
  secrets: template(secrets),
});
/**
 * Openswan 2.6 and Libreswan 4/5 grew from one tree and apart: Libreswan wants `encapsulation`, `ikev2` and
 * `ikev1-policy`, and has dropped `dpdaction` in 5.0; Openswan knows none of the first and needs `version 2.0`.
 */
const DIALECT = {
  libreswan: compiled(libreswanConf, libreswanConnection, libreswanSecrets),
  openswan: compiled(openswanConf, openswanConnection, openswanSecrets),
};

/** One network, or the plural form: pluto then makes a connection of each pair, since an SA carries only one. */
const subnets = (side: 'left' | 'right', networks: readonly Cidr[]): string => {
  const texts = networks.map(({ text }) => text);
  return texts.length === 1 ? `${side}subnet=${texts[0]}` : `${side}subnets={${texts.join(' ')}}`;
};

const connectionView = (one: LinuxTunnel, names: ReturnType<typeof credentialNames>) => {
  const { tunnel, local, remote } = one;
  const { suite, numbers } = tunnel;
  const legacy = suite.level === 'legacy';
  const special = 'DH group 2 (modp1024) is in Libreswan only when it was built with USE_DH2=true (since 3.30).';
  return {
    title: title(one),
    warnings: local.dialect === 'libreswan' && legacy ? [...warnings(one), special] : warnings(one),
    name: tunnel.name,
    certificate: local.auth === 'cert' && (names?.nickname ?? false),
    authority: names?.authority ?? false,
    auto: local.initiates ? 'start' : 'add',
    ikev2: suite.ikeVersion === 1 ? 'no' : 'insist',
    leftId: local.id,
    // The field document lets pluto find address and next hop; naming the address needs no default route when pluto
    // starts.
    left: legacy ? '%defaultroute' : local.address,
    nexthop: legacy,
    leftSubnet: subnets('left', local.selectors),
    right: remote.publicAddress,
    rightId: remote.id,
    rightSubnet: subnets('right', remote.selectors),
    ike: swanIke(suite.ike),
    ikeLife: suite.lifetime.ike,
    esp: swanEsp(suite.esp),
    childLife: suite.lifetime.child,
    pfs: suite.esp[0]?.dh === undefined ? 'no' : 'yes',
    ...marginAndFuzz(suite.lifetime.child, local),
    dpdDelay: suite.dpd.delay,
    // IKEv2 has no such timeout: Libreswan warns and goes by retransmission.
    dpdTimeout: suite.ikeVersion === 1 && suite.dpd.timeout,
    dpdAction: local.initiates ? 'restart' : 'clear',
    ifId: local.interface === 'xfrm' && numbers.tunnel,
    vti: local.interface === 'vti' && (one.device ?? false),
    mark: numbers.tunnel,
  };
};

const secretFiles = (one: LinuxTunnel, secrets: (view: View) => string): readonly RenderedFile[] => {
  const { psk } = one;
  return psk === undefined
    ? []
    : [
        {
          path: `etc/ipsec.d/${one.tunnel.name}.secrets`,
          mode: 0o600,
          what: 'pre-shared key',
          content: secrets({
            title: title(one),
            keys: keyIds(one.remote).map((remoteId) => ({ localId: one.local.id, remoteId, psk })),
          }),
        },
      ];
};

/** Openswan and Libreswan: a connection and a key in `ipsec.d` for each tunnel, and the file that includes them. */
export const swanFiles = (box: LinuxBox, dialect: keyof typeof DIALECT): readonly RenderedFile[] => {
  const { conf, connection, secrets } = DIALECT[dialect];
  const names = credentialNames(box);
  const ikev1 = box.tunnels.some(({ tunnel }) => tunnel.suite.ikeVersion === 1);
  return [
    {
      path: 'etc/ipsec.conf',
      mode: 0o644,
      what: 'daemon settings and the include line',
      content: conf({ device: box.device.name, ikev1, certificates: names !== undefined }),
    },
    ...box.tunnels.flatMap((one): readonly RenderedFile[] => [
      {
        path: `etc/ipsec.d/${one.tunnel.name}.conf`,
        mode: 0o644,
        what: 'connection',
        content: connection(connectionView(one, names)),
      },
      ...secretFiles(one, secrets),
    ]),
    ...credentialFiles(box),
  ];
};
