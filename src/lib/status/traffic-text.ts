import type { Style } from '../core/command.ts';
import { bytes } from '../domain/amount.ts';
import { bitRate } from '../domain/traffic.ts';
import type { Flow, TrafficSample } from '../monitor/traffic.ts';
import { chart } from '../render/chart.ts';

const sum = (flows: readonly Flow[], rate: 'inRate' | 'outRate'): number =>
  flows.reduce((all, flow) => all + (flow[rate] ?? 0), 0);

/** Tunnels where there are any: an interface carries the same packets once more. */
const carrying = ({ tunnels, interfaces }: TrafficSample): readonly Flow[] =>
  tunnels.length > 0 ? tunnels : interfaces;

/** One line a sample. */
export const trafficLine = (sample: TrafficSample): string => {
  const up = sample.tunnels.filter(({ state }) => state === 'established').length;
  const flows = carrying(sample);
  return `${new Date(sample.at).toISOString().slice(11, 19)} ${sample.tunnels.length > 0 ? `${up} of ${sample.tunnels.length} tunnels up` : `${sample.interfaces.length} interfaces`}, in ${bitRate(sum(flows, 'inRate'))}, out ${bitRate(sum(flows, 'outRate'))}`;
};

/** Both directions over time; empty until there are two samples. */
export const trafficChart = (samples: readonly TrafficSample[]): string =>
  (['inRate', 'outRate'] as const)
    .map((rate) =>
      chart({
        title: rate === 'inRate' ? 'in' : 'out',
        values: samples.map((sample) => sum(carrying(sample), rate)),
        label: bitRate,
      }),
    )
    .filter((text) => text !== '')
    .join('\n\n');

export const trafficTable = ({ tunnels, interfaces }: TrafficSample, style: Style): string => {
  const cells = ({ in: inward, out, inRate, outRate }: Flow): readonly string[] => [
    bytes(inward.bytes),
    inRate === null ? '-' : bitRate(inRate),
    bytes(out.bytes),
    outRate === null ? '-' : bitRate(outRate),
  ];
  return style.table(
    ['of', 'state', 'in', 'rate in', 'out', 'rate out'],
    [
      ...tunnels.map((flow) => [
        flow.of,
        flow.state === 'established' ? style.good(flow.state) : style.bad(flow.state),
        ...cells(flow),
      ]),
      ...interfaces.map((flow) => [flow.of, style.dim('interface'), ...cells(flow)]),
    ],
  );
};
