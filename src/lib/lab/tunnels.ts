import type { Ports } from '../core/ports.ts';
import { tunnelStatuses, type TunnelStatus } from '../domain/sa.ts';
import { paths } from './state.ts';
import type { Topology } from './topology.ts';

/** @returns what charon of one node says of its tunnels, or undefined when it does not answer. */
export const nodeTunnels = async (
  ports: Pick<Ports, 'vici'>,
  lab: string,
  node: string,
): Promise<readonly TunnelStatus[] | undefined> => {
  const vici = await ports.vici(paths(lab).vici(node)).catch(() => undefined);
  if (vici === undefined) return undefined;
  try {
    return tunnelStatuses(await vici.stream('list-conns', 'list-conn'), await vici.stream('list-sas', 'list-sa'));
  } catch {
    return undefined;
  } finally {
    vici.close();
  }
};

/** @returns the tunnels of the site that are not established on their gateway, by name. */
export const tunnelsDown = async (ports: Pick<Ports, 'vici'>, { lab, site }: Topology): Promise<readonly string[]> => {
  const found = await Promise.all(
    site.gateways.map(async ({ name }) => [name, await nodeTunnels(ports, lab, name)] as const),
  );
  const states = new Map(found);
  return site.tunnels
    .filter(
      ({ name, gateway }) =>
        states.get(gateway)?.find(({ connection }) => connection === name)?.state !== 'established',
    )
    .map(({ name }) => name);
};
