import { expect, it } from 'vitest';
import { causeIn } from '../../../src/lib/procedures/kit/execute.ts';

// As swanctl 5.9.8 of Debian 12 writes it where libstrongswan-standard-plugins is not installed.
const PLUGIN = "plugin 'openssl': failed to load - openssl_plugin_create not found and no plugin file available";

it.each([
  ['', '', ''],
  ['one line', 'nft: syntax error\nadd table\n^^^', 'nft: syntax error'],
  ['no line but remarks', `${PLUGIN}\n`, PLUGIN],
  [
    'the cause behind remarks about plugins and folders',
    `${PLUGIN}\nopening directory '/etc/swanctl/x509' failed: No such file or directory\nloading connection 'vpn1' failed: invalid value for: proposals, config discarded\n`,
    "loading connection 'vpn1' failed: invalid value for: proposals, config discarded",
  ],
])('%s', (_, stderr, cause) => {
  expect(causeIn(stderr)).toBe(cause);
});

it("the daemon's log has the cause, where stderr only says that it failed", () => {
  expect(
    causeIn(
      `${PLUGIN}\ninitiate failed: establishing CHILD_SA 'x' failed\n`,
      '[IKE] initiating IKE_SA x[2] to 127.0.0.2\n[IKE] configured DH group ECP_384 not supported\n',
    ),
  ).toBe("initiate failed: establishing CHILD_SA 'x' failed: configured DH group ECP_384 not supported");
  expect(causeIn('initiate failed: x', '[IKE] received NO_PROPOSAL_CHOSEN notify error\n')).toBe(
    'initiate failed: x: received NO_PROPOSAL_CHOSEN notify error',
  );
});
