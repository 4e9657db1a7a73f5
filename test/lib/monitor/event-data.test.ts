import { expect, test } from 'vitest';
import { eventData, eventOf } from '../../../src/lib/monitor/event-data.ts';
import type { MonitorEvent } from '../../../src/lib/monitor/events.ts';

const NAMES = new Map([['rtb-1', 'private-1']]);
const at = Date.UTC(2026, 10, 30, 23, 15, 0, 250);
const alert = { id: '7-1', incident: '7', kind: 'moved', from: 'dx-1', to: 'vpn-a', because: 'no reply' } as const;

const EVENTS: readonly MonitorEvent[] = [
  { kind: 'start', at, version: '0.1.0', profile: 'fast', links: ['dx-1'], routes: ['rtb-1|10.10.0.0/16'] },
  { kind: 'pin', at, table: 'rtb-1', link: null },
  { kind: 'alert', at, alert: { ...alert, subject: 'rtb-1|10.10.0.0/16' } },
  { kind: 'alert', at, alert: { ...alert, kind: 'healed', subject: 'i-1' } },
  { kind: 'health', at, links: [], routes: [{ table: 'rtb-1', destination: '10.10.0.0/16', at: 'dx-1' }] },
  { kind: 'lease', at, held: true, epoch: 3 },
];

test('an event is printed with ISO 8601 and tables by id and name, and read back as it was', () => {
  const data = EVENTS.map((event) => eventData(event, NAMES));
  expect(data[0]).toMatchObject({ at: '2026-11-30T23:15:00.250Z', monitorVersion: '0.1.0' });
  expect(data[1]).toMatchObject({ table: { id: 'rtb-1', name: 'private-1' } });
  expect(data[2]).toMatchObject({ alert: { subject: 'private-1 10.10.0.0/16', destination: '10.10.0.0/16' } });
  expect(data.map((one) => eventOf(JSON.stringify({ version: 1, ...one })))).toEqual(EVENTS);
});
