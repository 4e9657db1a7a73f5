import type { Site } from '../../../domain/site.ts';
import { idOf, type CloudState } from '../../state.ts';
import { dx } from './state.ts';

/**
 * The Direct Connect links of a site. A connection that the site file names was made by a partner and awaits a yes;
 * else the link stands already.
 */
export const withDxOf = (state: CloudState, site: Site): CloudState =>
  dx.put(state, {
    connections: site.links
      .filter((link) => link.kind === 'dx')
      .map(({ name, connection, vlan }) => ({
        id: connection ?? `dxcon-${idOf('dxcon', site.site, name).slice(-8)}`,
        name,
        state: connection === undefined ? 'available' : 'ordering',
        dueAt: 0,
        vlan,
      })),
    interfaces: [],
  });
