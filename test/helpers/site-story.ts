import type { MonitorEvent } from '../../src/lib/monitor/events.ts';
import { MORNING } from './events.ts';

/** The lab's site: a monitor that has watched for a minute, and then Direct Connect dies. */
export const [PRIVATE_1, PRIVATE_2] = ['rtb-0468f52220000000a', 'rtb-04b8f522f0000000b'] as const;
const OFFICE = '10.10.0.0/16';
const LINKS = ['dx-1', 'vpn-a', 'vpn-b'] as const;

const look = (at: number, dead: boolean): MonitorEvent => ({
  kind: 'health',
  at,
  links: LINKS.map((link, index) =>
    link === 'dx-1' && dead
      ? { link, state: 'dead', suspicion: 1, rttMs: 4.2, probes: { sent: 10, lost: 10 } }
      : { link, state: 'alive', suspicion: 0, rttMs: [4.2, 31, 33.5][index]!, probes: { sent: 10, lost: 0 } },
  ),
  routes: [PRIVATE_1, PRIVATE_2].map((table) => ({
    table,
    destination: OFFICE,
    at: dead ? (table === PRIVATE_1 ? 'vpn-a' : 'vpn-b') : 'dx-1',
  })),
});

export const WELL: readonly MonitorEvent[] = [
  {
    kind: 'start',
    at: MORNING,
    version: '0.0.0-test',
    profile: 'default',
    links: LINKS,
    routes: [`${PRIVATE_1}|${OFFICE}`, `${PRIVATE_2}|${OFFICE}`],
  },
  { kind: 'lease', at: MORNING, held: true, epoch: 7 },
  ...LINKS.map(
    (link): MonitorEvent => ({
      kind: 'verdict',
      at: MORNING + 1_000,
      link,
      from: 'unknown',
      to: 'alive',
      suspicion: 0,
      because: 'every probe is answered',
    }),
  ),
  ...Array.from({ length: 60 }, (_, second) => look(MORNING + second * 1_000, false)),
];

export const DIES: MonitorEvent = {
  kind: 'verdict',
  at: MORNING + 60_000,
  link: 'dx-1',
  from: 'alive',
  to: 'dead',
  suspicion: 1,
  because: 'no reply for 520 ms',
  incident: '7-1',
};

const moved = (table: string, to: string): MonitorEvent => ({
  kind: 'move',
  at: MORNING + 60_200,
  incident: '7-1',
  table,
  destination: OFFICE,
  from: 'dx-1',
  to,
  outcome: 'done',
  because: 'dx-1: no reply for 520 ms',
  detectMs: 522,
  apiMs: 84,
  verifyMs: 121,
});
export const MOVES: readonly MonitorEvent[] = [moved(PRIVATE_1, 'vpn-a'), moved(PRIVATE_2, 'vpn-b')];

/** What whoever is on call was told: of a move, and of a route that somebody else moved. */
export const ALERTS: readonly MonitorEvent[] = [
  {
    kind: 'alert',
    at: MORNING + 60_300,
    alert: {
      id: '7-1/1',
      kind: 'moved',
      incident: '7-1',
      subject: `${PRIVATE_1}|${OFFICE}`,
      from: 'dx-1',
      to: 'vpn-a',
      because: 'no reply for 520 ms',
    },
  },
  {
    kind: 'alert',
    at: MORNING + 60_400,
    alert: {
      id: '7-1/2',
      kind: 'found',
      incident: '7-1',
      subject: `${PRIVATE_2}|${OFFICE}`,
      from: 'vpn-b',
      to: 'dx-1',
      because: 'the route is elsewhere',
    },
  },
];

export const AFTER: readonly MonitorEvent[] = Array.from({ length: 10 }, (_, second) =>
  look(MORNING + 61_000 + second * 1_000, true),
);

/** Ten seconds after the death. */
export const LATER = MORNING + 70_000;
