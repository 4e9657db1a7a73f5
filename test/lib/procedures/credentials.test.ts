import { expect, it } from 'vitest';
import type { HostBox } from '../../../src/lib/procedures/vpn-host/box.ts';
import { afterLoading } from '../../../src/lib/procedures/vpn-host/credentials.ts';

const LIST = '/etc/hybridctl/pki/crl/hybridctl-two.pem';
const box = (more: Partial<HostBox>): HostBox =>
  ({ dialect: 'libreswan', systemd: true, begins: ['vpn1'], revoked: ['vpn1'], uri: undefined, ...more }) as HostBox;
const calls = (more: Partial<HostBox>, stale = [LIST]): readonly string[] =>
  afterLoading(box(more), stale).map((call) => (call.kind === 'run' ? [call.file, ...call.args].join(' ') : call.kind));

it('a revocation restarts pluto, which keeps the list that it has looked into', () => {
  expect(calls({})).toEqual(['systemctl restart ipsec.service']);
  expect(calls({ systemd: false })).toEqual(['ipsec setup stop', 'ipsec setup start']);
});

it('nothing is restarted where nobody is revoked, or another file changed', () => {
  expect(calls({ revoked: [] })).toEqual([]);
  expect(calls({}, ['/etc/ipsec.d/vpn1.conf'])).toEqual([]);
});

it('charon forgets the list, so there only the association with the revoked peer is ended', () => {
  const swanctl = calls({ dialect: 'swanctl' }, ['/etc/swanctl/x509crl/hybridctl-two.pem']);
  expect(swanctl.some((call) => call.includes('--terminate'))).toBe(true);
  expect(swanctl.some((call) => call.includes('restart'))).toBe(false);
});
