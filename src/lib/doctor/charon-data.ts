import type { LogFailure } from '../domain/failures.ts';
import type { Traffic } from '../domain/sa.ts';
import type { Tunnel } from './charon-status.ts';

const passed = ({ lastAge, ...traffic }: Traffic) => ({ ...traffic, lastAgeSeconds: lastAge });

/** Its time is the log's own, in whatever form. */
const withLogTime = ({ at, ...failure }: LogFailure) => ({ ...failure, logTime: at });

/** Durations with their unit in the name. */
const withSeconds = ({
  ikeEstablishedFor,
  establishedFor,
  rekeyIn,
  ikeRekeyIn,
  reauthIn,
  expiresIn,
  failure,
  in: received,
  out: sent,
  ...tunnel
}: Tunnel) => ({
  ...tunnel,
  failure: failure == null ? failure : withLogTime(failure),
  ikeEstablishedForSeconds: ikeEstablishedFor,
  establishedForSeconds: establishedFor,
  rekeyInSeconds: rekeyIn,
  ikeRekeyInSeconds: ikeRekeyIn,
  reauthInSeconds: reauthIn,
  expiresInSeconds: expiresIn,
  in: received == null ? received : passed(received),
  out: sent == null ? sent : passed(sent),
});

/** What `vpn status` found, as its JSON has it. */
export const statusData = <
  T extends { readonly tunnels: readonly Tunnel[]; readonly failures: readonly LogFailure[] },
>({
  tunnels,
  failures,
  ...result
}: T) => ({
  ...result,
  tunnels: tunnels.map(withSeconds),
  failures: failures.map(withLogTime),
});
