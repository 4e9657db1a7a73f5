import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { flag } from '../../lib/core/flags.ts';
import { choice, path } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { bringUp } from '../../lib/lab/up.ts';
import { shellWord } from '../../lib/domain/shell.ts';
import { LAB_KERNELS, paths, type EspKind, type LabRecord } from '../../lib/lab/state.ts';
import { absolute, loadSite } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';
import { NAME } from './flags.ts';

interface Result {
  readonly lab: string;
  readonly fresh: boolean;
  readonly tookMs: number;
  readonly endpoint: string;
  /** The line of a shell that serves the lab's live page. */
  readonly page: string;
  readonly nodes: readonly string[];
  readonly links: readonly string[];
  readonly host: string;
  readonly esp: Readonly<Record<string, EspKind>>;
  readonly notes: readonly string[];
}

/** A monitor inside keeps its state in the lab's folder; the page is served outside, where a browser is. */
const pageLine = ({ name, sitePath, endpoint, site }: LabRecord): string =>
  [
    `AWS_ENDPOINT_URL=${endpoint} AWS_ACCESS_KEY_ID=lab AWS_SECRET_ACCESS_KEY=lab hybridctl status --web`,
    `--site ${shellWord(sitePath)} --state-dir ${paths(name).state}`,
    ...site.gateways.map((gateway) => `--uri ${paths(name).vici(gateway.name)}`),
  ].join(' ');

export const up = defineCommand({
  path: 'lab up',
  summary: 'build the whole hybrid network of a site on this machine',
  details:
    'Network namespaces for app hosts, monitors, the VPC router, gateways, the internet, Direct Connect, on-prem routers and a host; ' +
    'strongSwan loaded with the rendered files, FRR with real BGP and BFD, and an endpoint that speaks the EC2 API. ' +
    'Returns once every tunnel and BGP session is up and packets go through. Needs root.',
  flags: {
    site: FLAG.site,
    rendered: flag(path('dir'), 'boot the boxes with these files of "vpn render" (default: render now)'),
    kernel: flag(
      choice([...LAB_KERNELS, 'auto'] as const, 'kernel'),
      "of the gateways and routers: host (this machine's, or an error where it has no ESP), uml (a user-mode Linux), auto (host, else uml); default: host, with ESP outside the kernel where it has none",
    ),
    name: NAME,
  },
  examples: [
    { line: 'sudo hybridctl lab up', why: 'the site of ./hybridctl.yaml, as the lab "hyb"' },
    {
      line: 'sudo hybridctl lab up --site lab.yaml --rendered rendered --name two',
      why: 'a second lab beside it, booted with files rendered before',
    },
  ],

  async run({ name: lab, site, rendered, kernel }, ports): Promise<Outcome<Result>> {
    const loaded = await loadSite(ports, site);
    const { record, topology, fresh, tookMs } = await bringUp(ports, {
      lab,
      loaded,
      kernel,
      rendered: rendered === undefined ? undefined : absolute(ports.cwd, rendered),
    });
    return {
      result: {
        lab,
        fresh,
        tookMs,
        endpoint: record.endpoint!,
        page: pageLine(record),
        nodes: topology.nodes.map(({ name }) => name),
        links: topology.links.map(({ name }) => name),
        host: topology.hostAddresses[0]!,
        esp: record.esp,
        notes: record.notes,
      },
    };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).labUp),
  data: (result) => result,
  human({ lab, fresh, tookMs, endpoint, page, nodes, host, notes }, style) {
    const named = lab === 'hyb' ? '' : ` --name ${lab}`;
    return [
      fresh ? style.good(`lab ${lab} is up, in ${(tookMs / 1000).toFixed(1)} s`) : `lab ${lab} is up already`,
      ...notes.map((note) => style.warn(note)),
      `endpoint  ${endpoint}  (AWS_ENDPOINT_URL)`,
      `nodes     ${nodes.join(' ')}`,
      `try       hybridctl lab exec${named} ${nodes.find((name) => name.startsWith('app-')) ?? 'vpc'} -- ping -c 3 ${host}`,
      `live page ${page}`,
    ].join('\n');
  },
});
