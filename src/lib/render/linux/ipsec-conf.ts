import confSource from '../../../../templates/ipsec-conf/ipsec.conf.hbs?raw';
import secretsSource from '../../../../templates/ipsec-conf/ipsec.secrets.hbs?raw';
import { keyIds } from '../../domain/tunnel.ts';
import { template } from '../engine.ts';
import type { RenderedFile } from '../types.ts';
import { selectorPairs, type LinuxBox, type LinuxTunnel } from './box.ts';
import { credentialFiles, credentialNames } from './credentials.ts';
import { title, warnings } from './note.ts';
import { strongswanEsp, strongswanIke } from './proposals.ts';
import { marginAndFuzz } from './rekey.ts';
import { daemonFile } from './swanctl.ts';

const conf = template(confSource);
const secrets = template(secretsSource);

const connectionViews = (one: LinuxTunnel, names: ReturnType<typeof credentialNames>) => {
  const { tunnel, local, remote } = one;
  const { suite } = tunnel;
  const { margin, fuzz } = marginAndFuzz(suite.lifetime.child, local);
  // Without the "!" strongSwan adds its default proposals after ours. The field document has none, and is kept to the
  // letter.
  const strict = suite.level === 'legacy' ? '' : '!';
  // The starter folds conns with the same ends into one IKE SA with a CHILD_SA each.
  return selectorPairs(one).map((pair) => ({
    title: title(one),
    warnings: warnings(one),
    name: pair.name,
    keyexchange: suite.ikeVersion === 1 ? 'ikev1' : 'ikev2',
    ike: `${strongswanIke(suite.ike)}${strict}`,
    esp: `${strongswanEsp(suite.esp)}${strict}`,
    left: local.address,
    leftId: local.id,
    leftSubnet: pair.local,
    right: remote.publicAddress,
    rightId: remote.id,
    certificate: local.auth === 'cert' && (names?.own ?? false),
    authority: names?.authority ?? false,
    rightSubnet: pair.remote,
    auto: local.initiates ? 'start' : 'add',
    dpdDelay: suite.dpd.delay,
    dpdTimeout: suite.ikeVersion === 1 && suite.dpd.timeout,
    dpdAction: local.initiates ? 'restart' : 'clear',
    closeAction: local.initiates ? 'restart' : 'none',
    mark: local.interface === 'vti' && tunnel.numbers.tunnel,
    ikeLife: suite.lifetime.ike,
    childLife: suite.lifetime.child,
    margin,
    fuzz,
  }));
};

/** strongSwan's older form, read by its starter: one file for all connections, one for all keys. */
export const ipsecConfFiles = (box: LinuxBox): readonly RenderedFile[] => {
  const names = credentialNames(box);
  return [
    {
      path: 'etc/ipsec.conf',
      mode: 0o644,
      what: 'connections',
      content: conf({
        device: box.device.name,
        certificates: names !== undefined,
        connections: box.tunnels.flatMap((one) => connectionViews(one, names)),
      }),
    },
    {
      path: 'etc/ipsec.secrets',
      mode: 0o600,
      what: 'pre-shared keys',
      content: secrets({
        device: box.device.name,
        keys: box.tunnels.flatMap(({ local, remote, psk }) =>
          psk === undefined ? [] : keyIds(remote).map((remoteId) => ({ localId: local.id, remoteId, psk })),
        ),
        privateKey: names !== undefined && `${names.kind === 'ecdsa' ? 'ECDSA' : 'RSA'} ${names.own}`,
      }),
    },
    ...credentialFiles(box),
    daemonFile(box),
  ];
};
