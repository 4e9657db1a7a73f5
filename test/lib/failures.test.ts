import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAILURES, readFailures } from '../../src/lib/domain/failures.ts';
import { expectLinear } from '../helpers/growth.ts';

const said = (log: string) =>
  readFailures(log).map(({ id, phase, connection, peer, recovered }) => [id, phase, connection, peer, recovered]);

describe('what failed, from the log', () => {
  // Lines as strongSwan 5.9 writes them; the pairs of real daemons in test/commands produce most of them anew.
  it.each([
    ['05[IKE] <7> no IKE config found for 192.0.2.2...192.0.2.1, sending NO_PROPOSAL_CHOSEN', 'no-ike-config'],
    ["05[IKE] <vpn1|1> no shared key found for '192.0.2.2' - '192.0.2.1'", 'no-shared-key'],
    ["05[IKE] <vpn1|1> tried 1 shared key for '192.0.2.2' - '192.0.2.1', but MAC mismatched", 'wrong-key'],
    ['05[ENC] <1> invalid ID_V1 payload length, decryption failed?', 'wrong-key'],
    ['05[CFG] <1> no matching peer config found', 'no-peer-config'],
    ['05[IKE] <1> no peer config found', 'no-peer-config'],
    ['05[IKE] <vpn1|1> received TS_UNACCEPTABLE notify, no CHILD_SA built', 'selectors'],
    ['05[IKE] <vpn1|1> traffic selectors 10.2.0.0/16 === 10.1.0.0/16 unacceptable', 'selectors'],
    ['05[IKE] <vpn1|1> no matching CHILD_SA config found for 10.1.0.0/16 === 10.2.0.0/16', 'selectors'],
    ['05[IKE] <vpn1|1> received INVALID_ID_INFORMATION error notify', 'selectors'],
    ['05[IKE] <vpn1|1> received NO_PROPOSAL_CHOSEN notify error', 'no-proposal'],
    ['05[IKE] <1> received proposals unacceptable', 'no-proposal'],
    ['05[IKE] <1> no proposal found', 'no-proposal'],
    ['05[IKE] <vpn1|1> received INVALID_KE_PAYLOAD error notify', 'dh-group'],
    ['05[IKE] <vpn1|1> received AUTHENTICATION_FAILED notify error', 'authentication'],
    ['05[ENC] <1> received unsupported IKE version 3.0 from 192.0.2.1, sending INVALID_MAJOR_VERSION', 'ike-version'],
    ['05[IKE] <vpn1|1> unable to install inbound and outbound IPsec SA (SAD) in kernel', 'kernel'],
    ['05[IKE] <vpn1|1> unable to install IPsec policies (SPD) in kernel', 'kernel'],
    ['05[KNL] <vpn1|1> unable to add SAD entry with SPI c1d2e3f4: Protocol not supported', 'kernel'],
    ['04[NET] error writing to socket: Network is unreachable', 'unreachable'],
    ['05[JOB] <1> deleting half open IKE_SA with 192.0.2.1 after timeout', 'half-open'],
    ['05[IKE] <vpn1|1> DPD check timed out, enforcing DPD action', 'dead-peer'],
    ['05[IKE] <vpn1|1> giving up after 5 retransmits', 'no-answer'],
    ['05[IKE] <vpn1|1> establishing IKE_SA failed, peer not responding', 'no-answer'],
  ])('%s', (line, id) => expect(said(line)[0]?.[0]).toBe(id));

  it('explains every kind, with the next and the troubleshooting case', () => {
    for (const { id, title, why, next, case: which } of FAILURES) {
      expect([id, title.length > 10, why.length > 20, next.length > 20, /^case [123]: /.test(which)]).toEqual([
        id,
        true,
        true,
        true,
        true,
      ]);
    }
  });

  it.each([
    '05[ENC] <vpn1|1> parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]',
    "05[IKE] <vpn1|1> peer didn't accept DH group ECP_256, it requested ECP_384",
    '05[IKE] <vpn1|1> retransmit 1 of request with message ID 0',
    '05[IKE] <vpn1|1> CHILD_SA net{1} established with SPIs 90d546d3_i f943d40f_o and TS 10.1.0.0/16 === 10.2.0.0/16',
    'sshd[1]: AUTHENTICATION_FAILED for root',
    '',
  ])('makes nothing of %s', (line) => expect(said(line)).toEqual([]));

  it('keeps the last failure of each connection, and says when it is over', () => {
    const log = [
      '2026-11-20T16:11:31 05[IKE] <vpn1|1> received NO_PROPOSAL_CHOSEN notify error',
      '2026-11-20T16:11:32 06[IKE] <vpn2|2> initiating IKE_SA vpn2[2] to 198.51.100.140',
      '2026-11-20T16:11:32 06[IKE] <vpn2|2> received AUTHENTICATION_FAILED notify error',
      '2026-11-20T16:11:33 07[IKE] <vpn1|3> initiating IKE_SA vpn1[3] to 198.51.100.77',
      '2026-11-20T16:11:34 07[IKE] <vpn1|3> IKE_SA vpn1[3] established between 192.0.2.1[192.0.2.1]...198.51.100.77[198.51.100.77]',
      '2026-11-20T16:11:34 07[IKE] <vpn1|3> received TS_UNACCEPTABLE notify, no CHILD_SA built',
      '2026-11-20T16:11:39 08[IKE] <vpn2|4> CHILD_SA net{1} established with SPIs 90d546d3_i f943d40f_o and TS 10.1.0.0/16 === 10.2.0.0/16',
    ].join('\n');
    expect(
      readFailures(log).map(({ id, phase, connection, peer, recovered, at }) => ({
        id,
        phase,
        connection,
        peer,
        recovered,
        at,
      })),
    ).toEqual([
      {
        id: 'authentication',
        phase: 'IKE',
        connection: 'vpn2',
        peer: '198.51.100.140',
        recovered: true,
        at: '2026-11-20T16:11:32',
      },
      {
        id: 'selectors',
        phase: 'ESP',
        connection: 'vpn1',
        peer: '198.51.100.77',
        recovered: false,
        at: '2026-11-20T16:11:34',
      },
    ]);
  });

  it('does not let silence hide the cause that the same attempt has named (a wrong key in IKEv1)', () => {
    const log = [
      '16[IKE] <vpn1|1> initiating Main Mode IKE_SA vpn1[1] to 192.0.2.2',
      '16[ENC] <vpn1|1> invalid HASH_V1 payload length, decryption failed?',
      '01[IKE] <vpn1|1> giving up after 5 retransmits',
      '01[IKE] <vpn1|1> establishing IKE_SA failed, peer not responding',
    ];
    expect(said(log.join('\n'))).toEqual([['wrong-key', 'IKE', 'vpn1', '192.0.2.2', false]]);
    const retry = [
      '03[IKE] <vpn1|2> initiating Main Mode IKE_SA vpn1[2] to 192.0.2.2',
      '01[IKE] <vpn1|2> giving up after 5 retransmits',
    ];
    expect(said([...log, ...retry].join('\n'))).toEqual([['no-answer', 'IKE', 'vpn1', '192.0.2.2', false]]);
  });

  it('ties untagged lines of the journal together by thread and address, and shows both proposal lists', () => {
    const log = [
      '2026-11-20T16:11:31+0000 gw-1 charon[812]: 11[NET] received packet: from 198.51.100.77[500] to 172.16.1.157[500] (272 bytes)',
      '2026-11-20T16:11:31+0000 gw-1 charon[812]: 12[NET] received packet: from 198.51.100.140[500] to 172.16.1.157[500] (272 bytes)',
      '2026-11-20T16:11:31+0000 gw-1 charon[812]: 11[CFG] received proposals: IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024',
      '2026-11-20T16:11:31+0000 gw-1 charon[812]: 11[CFG] configured proposals: IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_384',
      '2026-11-20T16:11:31+0000 gw-1 charon[812]: 11[IKE] received proposals unacceptable',
    ].join('\n');
    expect(readFailures(log)).toMatchObject([
      {
        id: 'no-proposal',
        peer: '198.51.100.77',
        at: '2026-11-20T16:11:31+0000',
        details: [
          'received proposals: IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024',
          'configured proposals: IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_384',
        ],
      },
    ]);
  });

  it('names the silent peer in an untagged log only where one alone is silent', () => {
    const retransmit = (thread: string, peer: string) => [
      `${thread}[IKE] retransmit 1 of request with message ID 0`,
      `${thread}[NET] sending packet: from 192.0.2.1[500] to ${peer}[500] (272 bytes)`,
    ];
    const one = [...retransmit('05', '192.0.2.2'), '07[IKE] giving up after 5 retransmits'];
    expect(said(one.join('\n'))).toEqual([['no-answer', undefined, undefined, '192.0.2.2', false]]);
    expect(said([...retransmit('06', '192.0.2.3'), ...one].join('\n'))).toEqual([
      ['no-answer', undefined, undefined, undefined, false],
    ]);
  });

  it("lets no byte of a peer's id steer the terminal, and stands any input", () => {
    expect(readFailures("05[IKE] <1> no shared key found for '\u001b[2Jx' - 'y'")[0]!.line).toBe(
      "no shared key found for '?[2Jx' - 'y'",
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.constantFrom('05[IKE] <vpn1|1> ', 'IKE_SA ', 'initiating ', ' to ', 'traffic selectors ', '[1]', '\n'),
          ),
          { maxLength: 40 },
        ),
        (parts) => {
          expect(Array.isArray(readFailures(parts.join('')))).toBe(true);
        },
      ),
    );
    // A long hostile line costs no more than its cut.
    expectLinear((size) => readFailures(`05[IKE] ${'traffic selectors '.repeat(size)}\n`.repeat(20)), 200_000);
  });
});
