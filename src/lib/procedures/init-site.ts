import { dirname, join } from 'node:path';
import { usageError } from '../core/errors.ts';
import type { Files, FileToWrite, Ports } from '../core/ports.ts';
import { siteWarnings } from '../domain/check.ts';
import { layoutOf } from '../domain/layout.ts';
import { certDevices } from '../domain/certificates.ts';
import { octal } from '../domain/file-mode.ts';
import { pathText } from '../domain/issue.ts';
import { draftSite, EMPTY, saysNothing, unanswered, type Answers, type Draft } from '../site/answers.ts';
import { readDocument, sentenceOf } from '../site/document.ts';
import { EXAMPLES } from '../site/examples.ts';
import { absolute, mistakesError, readSiteText, type LoadedSite } from '../site/file.ts';
import { ignoreFiles, planKeys } from '../site/keys.ts';
import { interview } from '../site/interview.ts';
import { inOwnFolder, neighboursOf, refuseOtherName, refuseOthersKeys, shownPath } from '../site/neighbours.ts';
import { SCHEMA_FILE, siteJsonSchemaText } from '../site/schema.ts';
import { amendedText, draftOf, newSiteText } from '../site/write.ts';
import { tunnelsOf } from '../domain/tunnel.ts';
import { planRender, type TunnelAccount } from './render-files.ts';

export interface InitRequest {
  /** The site file, as given. */
  readonly file: string;
  readonly answers: Answers;
  /** AWS's gateways, made elsewhere: a new site has none of its own, and nobody is asked for one. */
  readonly managed?: boolean;
  /** A ready site to begin with, in place of what is there. */
  readonly example: string | undefined;
  /** Key files by tunnel name. */
  readonly pskFiles: ReadonlyMap<string, string>;
  /** Folder of the rendered files, as given; undefined: the site's own. */
  readonly out: string | undefined;
  /** False: the site file and the keys alone. */
  readonly render: boolean;
}

export interface PlannedFile {
  /** Relative to the folder of the run, where it lies below it. */
  readonly path: string;
  /** Octal, as `ls` and `chmod` write it. */
  readonly mode: string;
  readonly what: string;
}

export interface InitPlan {
  readonly pending: readonly FileToWrite[];
  readonly files: readonly PlannedFile[];
  readonly tunnels: readonly TunnelAccount[];
  readonly warnings: readonly string[];
  /** A site file is there and would change: that takes a yes. */
  readonly changesExisting: boolean;
  /** The site as it will be. */
  readonly loaded: LoadedSite;
  /** Files as they will be: those that are pending stand over what is there. */
  readonly view: Files;
  /** The part of `pending` that is keys, and what keeps them out of git. */
  readonly keys: readonly FileToWrite[];
}

/**
 * Everything `vpn init` would write, validated to the last rendered line. Asks and writes nothing.
 * @throws HybridError (usage) for every mistake, with all missing answers at once.
 */
export const planInit = async (ports: Ports, request: InitRequest): Promise<InitPlan> => {
  const path = absolute(ports.cwd, request.file);
  const existing = await readSiteText(ports, request.file);
  const neighbours = existing === undefined ? await neighboursOf(ports, path) : [];
  const text = siteText(request, existing, neighbours.length > 0);
  const loaded = judged(text, path, request.file, ports.env);
  refuseOtherName(request.file, existing, loaded.site.site, neighbours);
  if (existing === undefined) await refuseOthersKeys(ports, loaded);
  const keys = await planKeys(ports, loaded, request.pskFiles);

  const first: { file: FileToWrite; what: string }[] = keys.files.map((file) => ({ file, what: 'pre-shared key' }));
  const ignored = await ignoreFiles(
    ports,
    loaded,
    request.render ? [absolute(ports.cwd, request.out ?? layoutOf(loaded.site).rendered)] : [],
  );
  for (const file of ignored) first.push({ file, what: 'keeps the keys out of git' });
  if (text !== existing) first.push({ file: { path, content: text, mode: 0o644, keepMode: true }, what: 'site file' });
  const schema = { path: join(dirname(path), SCHEMA_FILE), content: siteJsonSchemaText(), mode: 0o644 };
  if ((await ports.files.read(schema.path)) !== schema.content)
    first.push({ file: schema, what: 'JSON Schema, for editors' });

  // The files to come stand over those on disk, so that rendering is judged before anything is written.
  const files = overlay(
    ports.files,
    first.map(({ file }) => file),
  );
  const rendered = await planRender({ ...ports, files }, loaded, request.out, {}, 'later');
  const pending = request.render ? rendered.pending : [];
  const what = new Map(rendered.files.map((file) => [file.path, `${file.device}: ${file.what}`]));

  return {
    pending: [...first.map(({ file }) => file), ...pending],
    files: [...first, ...pending.map((file) => ({ file, what: what.get(file.path) ?? '' }))].map(
      ({ file, what: purpose }) => ({
        path: shownPath(ports.cwd, file.path),
        mode: octal(file.mode),
        what: purpose,
      }),
    ),
    tunnels: rendered.accounts,
    warnings: [
      ...new Set([
        ...rendered.warnings,
        ...(certDevices(tunnelsOf(loaded.site)).length === 0
          ? []
          : ['the certificates are missing: "vpn pki init", "vpn pki issue", then "vpn render"']),
        ...siteWarnings(loaded.site).map((warning) => `${pathText(warning.path)}: ${warning.message}`),
      ]),
      ...keys.warnings,
    ],
    changesExisting: existing !== undefined && text !== existing,
    loaded,
    view: files,
    keys: [...keys.files, ...ignored],
  };
};

/** What the site file will hold: an example or the file that is there, with the answers put in; else a new one. */
const siteText = (
  { file, example, answers, managed = false }: InitRequest,
  existing: string | undefined,
  shared: boolean,
): string => {
  const base = example === undefined ? existing : EXAMPLES[example];
  if (base !== undefined) {
    const reading = readDocument(base);
    const there = reading.site === undefined ? gatewaysIn(base) : [];
    const [first, ...others] = reading.mistakes.filter(({ path }) => !answered(answers, there, path));
    if (first !== undefined) throw mistakesError(file, [first, ...others]);
    if (saysNothing(answers) && !shared) return base;
    const before = draftOf(base);
    return amendedText(base, draftSite(answers, shared ? inOwnFolder(before, answers.name) : before));
  }
  const absent = unanswered(answers, managed);
  if (absent.length > 0)
    throw usageError(`missing ${absent.join(', ')}`, {
      next: `give them as flags or HYBRIDCTL_ variables (see --help), ${managed ? '' : 'begin with --example lab, '}or run it at a terminal`,
    });
  return newSiteText(draftSite(answers, shared ? { ...EMPTY, folder: answers.name } : EMPTY));
};

/**
 * Goes on with what the answers lack for a new site, asked of whoever is there. Asks nothing where there is a site to
 * begin with. Where `then` fails the answers are kept for the next start.
 * @param made addresses that nobody gives are made: a gateway may lack its own.
 */
export const askedFor = async <T>(
  ports: Ports,
  request: InitRequest,
  { made, dryRun }: { readonly made: boolean; readonly dryRun: boolean },
  then: (request: InitRequest) => Promise<T>,
): Promise<T> => {
  const { file, answers, example, managed = false } = request;
  const lacks = unanswered(answers, managed).filter((flag) => !(made && NO_ADDRESS.test(flag)));
  if (
    ports.ask === undefined ||
    lacks.length === 0 ||
    example !== undefined ||
    (await readSiteText(ports, file)) !== undefined
  )
    return then(request);
  const asked = await interview({ ...ports, ask: ports.ask }, file, answers, { managed, made, dryRun });
  let result: T;
  try {
    result = await then({ ...request, answers: asked.answers });
  } catch (error) {
    await asked.keep();
    throw error;
  }
  await asked.done();
  return result;
};

/** As `unanswered` names it. */
const NO_ADDRESS = /^--gateway \(\d+\) public=$/;
const ADDRESS = /^gateways\[(\d+)\]\.public_ip$/;

/**
 * The gateways of a site file's text. One that is wrong in more than their addresses has none: whoever judges it will
 * say so.
 */
export const gatewaysIn = (text: string): Draft['gateways'] =>
  readDocument(text).mistakes.every(({ path }) => ADDRESS.test(path)) ? draftOf(text).gateways : [];

/** A gateway of the file may lack the address that this run gives it: an Elastic IP is not known before it is made. */
const answered = ({ gateways }: Answers, there: Draft['gateways'], path: string): boolean => {
  const gateway = there[Number(ADDRESS.exec(path)?.[1])];
  return (
    gateway !== undefined &&
    gateway['public_ip'] === undefined &&
    gateways.some((spec) => spec['name'] === gateway['name'] && spec['public_ip'] !== undefined)
  );
};

/** A mistake in answers has no line yet: the field alone names it. */
const judged = (text: string, path: string, file: string, env: Ports['env']): LoadedSite => {
  const reading = readDocument(text, env);
  if (reading.site !== undefined) return { site: reading.site, path, text };
  const [first, ...others] = reading.mistakes;
  throw usageError(sentenceOf(first), {
    field: first.path === '' ? file : first.path,
    more: others.slice(0, 20).map((one) => `${one.path}: ${sentenceOf(one)}`),
  });
};

/** Files to come, over those on disk. */
export const overlay = (files: Files, list: readonly FileToWrite[]): Files => {
  const coming = new Map(list.map((file) => [file.path, file]));
  return {
    read: async (path) => coming.get(path)?.content ?? files.read(path),
    stat: async (path) => {
      const file = coming.get(path);
      return file === undefined ? files.stat(path) : { mode: file.mode, size: Buffer.byteLength(file.content) };
    },
    write: (more) => files.write(more),
  };
};
