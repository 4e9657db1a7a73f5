import type { AlertEvent, HealthEvent, LoggedEvent, MoveEvent } from '../../src/lib/monitor/events.ts';

/** 2026-01-31T08:00:00Z */
export const MORNING = Date.UTC(2026, 0, 31, 8);
export const WRITER = { site: 'beijing', region: 'cn-north-1', version: '0.0.0-test' };
const TABLE = 'rtb-0468f52220000000a';

export const move = (change: Partial<MoveEvent> = {}): MoveEvent => ({
  kind: 'move',
  at: MORNING + 900,
  incident: '7-1',
  table: TABLE,
  destination: '10.10.0.0/16',
  from: 'dx-1',
  to: 'vpn-1',
  outcome: 'done',
  because: 'dx-1: no reply for 620 ms',
  detectMs: 620.4,
  apiMs: 110,
  verifyMs: 95,
  ...change,
});

export const alert = (id: string, at = MORNING): AlertEvent => ({
  kind: 'alert',
  at,
  alert: {
    id,
    incident: '7-1',
    kind: 'moved',
    subject: `${TABLE}|10.10.0.0/16`,
    from: 'dx-1',
    to: 'vpn-1',
    because: 'dx-1: no reply for 620 ms',
  },
});

export const health = (at: number, change: Partial<HealthEvent> = {}): HealthEvent => ({
  kind: 'health',
  at,
  links: [
    { link: 'dx-1', state: 'alive', suspicion: 0.25, rttMs: 2.5 },
    { link: 'vpn-1', state: 'unknown', suspicion: 0 },
  ],
  routes: [{ table: TABLE, destination: '10.10.0.0/16', at: 'dx-1' }],
  ...change,
});

/** An incident from the first loss to the return, and one event of each other kind. */
export const STORY: readonly LoggedEvent[] = [
  {
    kind: 'start',
    at: MORNING - 60_000,
    version: '0.0.0-test',
    profile: 'default',
    links: ['dx-1', 'vpn-1'],
    routes: [`${TABLE}|10.10.0.0/16`],
  },
  { kind: 'lease', at: MORNING - 59_000, held: true, epoch: 7 },
  {
    kind: 'verdict',
    at: MORNING + 700,
    link: 'dx-1',
    from: 'alive',
    to: 'dead',
    suspicion: 1,
    because: 'no reply for 620 ms',
    incident: '7-1',
  },
  move(),
  alert('7-2', MORNING + 950),
  {
    kind: 'heal',
    at: MORNING + 60_000,
    incident: '7-3',
    instance: 'i-0430fe110cdec5835',
    step: 'stop',
    because: 'vpn-2 dead for 60 s',
    outcome: 'done',
  },
  { kind: 'pin', at: MORNING + 70_000, table: TABLE, link: 'vpn-1' },
  { kind: 'pin', at: MORNING + 80_000, table: TABLE, link: null },
  {
    kind: 'error',
    at: MORNING + 90_000,
    during: 'read route tables',
    message: 'EC2 throttles ec2:DescribeRouteTables',
  },
  move({
    at: MORNING + 600_000,
    incident: '7-4',
    from: 'vpn-1',
    to: 'dx-1',
    because: 'dx-1 is back for 300 s',
    outcome: 'race',
    detectMs: undefined as never,
  }),
  {
    kind: 'evidence',
    at: MORNING + 650_000,
    link: 'vpn-1',
    evidence: 'ike-down',
    about: 'vpn1',
    witness: 'charon at unix:///var/run/charon.vici',
  },
  {
    kind: 'witness',
    at: MORNING + 660_000,
    witness: 'charon at unix:///var/run/charon.vici',
    heard: false,
    because: 'charon closed the connection',
  },
  { kind: 'stop', at: MORNING + 700_000, because: 'SIGTERM' },
];
