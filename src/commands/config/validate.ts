import type { Outcome } from '../../lib/core/command.ts';
import { defineCommand } from '../../lib/core/define.ts';
import { EXIT } from '../../lib/core/errors.ts';
import { arg } from '../../lib/core/flags.ts';
import { path } from '../../lib/core/flags/kinds.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { blindSpots, siteWarnings } from '../../lib/domain/check.ts';
import { crossCheck } from '../../lib/domain/cross-check.ts';
import { cryptoWarnings } from '../../lib/domain/crypto.ts';
import { explainMtu } from '../../lib/domain/mtu.ts';
import type { Site } from '../../lib/domain/site.ts';
import { tunnelsOf } from '../../lib/domain/tunnel.ts';
import { inOrder, placeOf, readDocument, sentenceOf, type Mistake } from '../../lib/site/document.ts';
import { absolute, checkSecrets, noSuchSite, readSiteText } from '../../lib/site/file.ts';
import { FLAG } from '../flags.ts';

interface TunnelSummary {
  readonly name: string;
  readonly gateway: string;
  readonly router: string;
  readonly mode: string;
  readonly inside: string;
  readonly mtu: number;
  readonly mss: number;
  /** The arithmetic behind `mtu` and `mss`. */
  readonly sum: string;
}

interface Validation {
  readonly file: string;
  readonly valid: boolean;
  readonly mistakes: readonly Mistake[];
  readonly warnings: readonly Mistake[];
  readonly site?: string;
  readonly crypto?: string;
  readonly tunnels?: readonly TunnelSummary[];
  readonly links?: readonly { readonly name: string; readonly kind: string }[];
}

export const validate = defineCommand({
  path: 'config validate',
  summary: 'check the site file: every mistake with its line, field and fix',
  details:
    'Checks the text, the shape (JSON Schema), the meaning (names, references, address plan, what each box can do), the key files, ' +
    'and that both ends of each tunnel agree. Exit 2 when there is a mistake; warnings leave it 0. Changes nothing.',
  args: { file: arg(path(), 'site file (default: that of --site)') },
  flags: { site: FLAG.site },
  examples: [
    { line: 'hybridctl config validate', why: 'check hybridctl.yaml in this folder' },
    { line: 'hybridctl config validate beijing.yaml --json', why: 'the same as data, for a pipeline' },
  ],

  async run({ file: named, site: usual }, ports): Promise<Outcome<Validation>> {
    const file = named ?? usual;
    const source = await readSiteText(ports, file);
    if (source === undefined) throw noSuchSite(file);
    const reading = readDocument(source, ports.env);
    const secretsOf = (of: Site) => checkSecrets(ports, { site: of, path: absolute(ports.cwd, file), text: source });
    if (reading.site === undefined) {
      const { part } = reading;
      const secrets = part === undefined ? undefined : await secretsOf(part.site);
      const mistakes = [...reading.mistakes, ...(secrets === undefined ? [] : part!.locate(secrets.mistakes))];
      return { result: { file, valid: false, mistakes: inOrder(mistakes), warnings: [] }, exit: EXIT.usage };
    }
    const { site, locate } = reading;
    const tunnels = tunnelsOf(site);
    const secrets = await secretsOf(site);
    const mistakes = locate([...crossCheck(site, tunnels), ...secrets.mistakes]);
    const crypto = [...new Set(tunnels.flatMap(({ suite }) => cryptoWarnings(suite)))].map((message) => ({
      path: ['crypto'],
      message,
    }));
    return {
      result: {
        file,
        valid: mistakes.length === 0,
        mistakes,
        warnings: locate([...crypto, ...siteWarnings(site), ...blindSpots(site), ...secrets.warnings]),
        site: site.site,
        crypto: site.crypto,
        tunnels: tunnels.map(({ name, mode, inside, mtu, cloud, onprem }) => ({
          name,
          gateway: cloud.device,
          router: onprem.device,
          mode,
          inside: inside.text,
          mtu: mtu.mtu,
          mss: mtu.mss,
          sum: explainMtu(mtu),
        })),
        links: site.links.map(({ name, kind }) => ({ name, kind })),
      },
      exit: mistakes.length === 0 ? EXIT.ok : EXIT.usage,
    };
  },

  json: jsonShape(1, async () => (await import('./json.ts')).configValidate),
  data: (result) => result,
  human({ file, valid, mistakes, warnings, site, crypto, tunnels, links }, style) {
    const line = (one: Mistake): string => `${placeOf(file, one)}: ${sentenceOf(one)}`;
    if (!valid)
      return [
        ...mistakes.map((one) => style.bad(line(one))),
        `${mistakes.length} ${mistakes.length === 1 ? 'mistake' : 'mistakes'}`,
      ].join('\n');
    return [
      `${style.bold(site ?? '')}  crypto ${crypto}`,
      style.table(
        ['tunnel', 'from', 'to', 'mode', 'inside', 'MTU', 'MSS'],
        (tunnels ?? []).map(({ name, gateway, router, mode, inside, mtu, mss }) => [
          name,
          gateway,
          router,
          mode,
          inside,
          String(mtu),
          String(mss),
        ]),
      ),
      ...(tunnels ?? []).map(({ name, sum }) => style.dim(`${name}: ${sum}`)),
      `links: ${(links ?? []).map(({ name, kind }) => `${name} (${kind})`).join(', ')}`,
      ...warnings.map((one) => style.warn(`warning: ${line(one)}`)),
      style.good(`${file} is valid`),
    ].join('\n');
  },
});
