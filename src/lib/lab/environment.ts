import { inGuest } from './guest/shell.ts';
import { paths, type LabRecord } from './state.ts';
import type { LabNode } from './topology.ts';

/**
 * What a program on a node finds in its environment: the lab's cloud, its site file and state, and the node's own
 * charon.
 * @param path PATH outside; the lab's hybridctl goes before it.
 */
export const environmentOf = (
  record: LabRecord,
  node: LabNode,
  path = '/usr/sbin:/usr/bin:/sbin:/bin',
): Readonly<Record<string, string>> => {
  const { name, endpoint, site, sitePath } = record;
  return {
    AWS_ENDPOINT_URL: endpoint!,
    AWS_ACCESS_KEY_ID: 'lab',
    AWS_SECRET_ACCESS_KEY: 'lab',
    AWS_REGION: site.cloud.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    HYBRIDCTL_SITE: sitePath,
    // The lab's own, so that its monitor neither meets the machine's nor leaves anything behind.
    HYBRIDCTL_STATE_DIR: paths(name).state,
    ...(node.runs.includes('charon')
      ? {
          HYBRIDCTL_VICI_URI: inGuest(record, node.name)
            ? `unix://${paths(name).viciInGuest(node.name)}`
            : paths(name).vici(node.name),
          HYBRIDCTL_ROOT: paths(name).files(node.name),
        }
      : {}),
    // The same hybridctl inside as outside, also where none is installed.
    PATH: `${paths(name).bin}:${path}`,
  };
};
