import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import type { ProbeSpec, Sample } from '../../core/ports.ts';
import { answererOf, hearOwn, hearRelayed, startProof } from '../../domain/health/proof.ts';
import { RELAY_TABLE } from '../../domain/relay.ts';
import { pingLine } from './ping.ts';

/** Looks from time to time who answers a relayed target, and takes out the answers that are no proof. */
export interface Proving {
  /** @returns the sample; an answer that the gateway may have given itself as unknown, with the reason. */
  judge(sample: Sample): Sample;
  /** An echo of the relayed length was answered with this TTL; undefined: it was not answered. */
  relayed(ttl: number | undefined): void;
  close(): void;
}

/** An answer that proves nothing. */
export const withDoubt = ({ at, sentAt, size }: Sample, doubt: NonNullable<Sample['doubt']>): Sample => ({
  at,
  ...(sentAt === undefined ? {} : { sentAt }),
  kind: 'unknown',
  size,
  doubt,
});

/** Between two looks, ms: four packets in 10 s are less than 2 % of what a target of the default profile costs. */
const LOOK_MS = 10_000;
/** As long as nothing has shown who answers, and where no large probe shows it once a second. */
const FIRST_LOOKS_MS = 1_000;
/** Our own rules are read once a second: that takes no packet. */
const READ_MS = 1_000;
/** IPv4 and ICMP headers. */
const HEADERS = 28;
/** No tunnel has an MTU this small, so no relay takes it. */
const OWN_BYTES = 84;
const PATIENCE_S = 1;

/** One echo by a ping(8) of its own. A new one has a new ICMP id, so no old connection-tracking entry relays it. */
const echo = ({ address, source }: ProbeSpec, bytes: number, heard: (ttl: number | undefined) => void): void => {
  const from = source === undefined ? [] : ['-I', source];
  const size = ['-s', String(bytes - HEADERS), '-M', 'do'];
  execFile(
    'ping',
    ['-n', '-D', '-c', '1', '-W', String(PATIENCE_S), ...size, ...from, address],
    { env: { ...process.env, LC_ALL: 'C' }, timeout: 2_000 * PATIENCE_S },
    (_, stdout) =>
      heard(
        stdout
          .split('\n')
          .map(pingLine)
          .find((line) => line?.rttMs !== undefined)?.ttl,
      ),
  );
};

export const isOurs = (address: string): boolean =>
  Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address));

/** Whether this machine's relay has a rule for the port. undefined: we can't see. */
const readRelay = (port: number | undefined, told: (loaded: boolean | undefined) => void): void => {
  execFile('nft', ['list', 'table', 'ip', RELAY_TABLE], { timeout: 2_000 }, (error, stdout, stderr) => {
    if (error === null) told(new RegExp(`dport ${port} dnat`).test(stdout));
    else told(/No such file or directory/.test(stderr) ? false : undefined);
  });
};

/**
 * On the gateway itself both answers start their way here with the same TTL (Linux to Linux), so there its own rules
 * are read in place of a comparison.
 */
export const startProving = (spec: ProbeSpec, bytes: number): Proving => {
  const proof = startProof();
  const here = isOurs(spec.address);
  let doubt: Sample['doubt'] = 'unseen';
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const settle = (): void => {
    if (here) return;
    const answerer = answererOf(proof);
    doubt = answerer === 'far-end' ? undefined : answerer;
  };
  const again = (ms: number): void => {
    if (!closed) timer = setTimeout(look, ms);
  };
  const look = (): void => {
    if (here) {
      readRelay(spec.port, (loaded) => {
        doubt = loaded === undefined ? 'unreadable' : loaded ? undefined : 'own';
        again(READ_MS);
      });
      return;
    }
    echo(spec, OWN_BYTES, (ttl) => {
      hearOwn(proof, ttl);
      settle();
    });
    echo(spec, bytes, (ttl) => {
      hearRelayed(proof, ttl);
      settle();
      again(doubt === 'unseen' || spec.large === undefined ? FIRST_LOOKS_MS : LOOK_MS);
    });
  };
  look();
  return {
    judge: (sample) => (doubt === undefined || sample.kind !== 'reply' ? sample : withDoubt(sample, doubt)),
    relayed(ttl) {
      hearRelayed(proof, ttl);
      settle();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
};
