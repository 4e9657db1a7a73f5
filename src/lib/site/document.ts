import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type YAMLError,
} from 'yaml';
import { checkSite } from '../domain/check.ts';
import { pathText } from '../domain/issue.ts';
import { regionProblem } from '../domain/regions.ts';
import { siteSchema, type Site, type SiteIssue } from '../domain/site.ts';
import { MOST, schemaMistakes } from './mistakes.ts';
import { filesPart, partialIssues } from './partial.ts';
import { unknownNames } from './references.ts';
import { show } from '../core/words.ts';

/** A mistake and its place. `line` and `column` count from 1. `path` is empty where the text itself is at fault. */
export interface Mistake {
  readonly line: number;
  readonly column: number;
  /** `tunnels[0].inside`. */
  readonly path: string;
  /** What is wrong, without the fix. */
  readonly message: string;
  readonly fix?: string;
}

export type Reading =
  | {
      readonly site: Site;
      readonly mistakes: readonly [] /** Gives findings their place in the text. */;
      locate(issues: readonly SiteIssue[]): readonly Mistake[];
    }
  | {
      readonly site: undefined;
      readonly mistakes: readonly [Mistake, ...Mistake[]];
      /** What of it the files can be judged by that it names. Absent: too little has the shape of a site. */
      readonly part?: { readonly site: Site; locate(issues: readonly SiteIssue[]): readonly Mistake[] } | undefined;
    };

/** What no line of a site file has: a terminal or a config would act on it. Tab, newline and return are YAML's own. */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u0085\u2028\u2029]|\r(?!\n)/;
/** Deeper than any site file; the parser recurses, and its time grows with the square of the depth. */
const TOO_DEEP = /(?:[[{][^[\]{}]{0,80}){40}|(?:[-?:] +){40}|^ {1000}/m;
/** Aliases are a handy way to say a thing once; a thousand of them in few lines is a bomb. */
const MAX_ALIASES = 100;

/**
 * Reads a site file's text: YAML, then its shape and its meaning together, as far as the file has the shape of a site.
 * @param env variables: given where a site is written or validated, and then its region must be a known one. A service
 * that starts with a site that was judged before may lack the variable that lets a newer region through.
 */
export const readDocument = (text: string, env?: Readonly<Record<string, string | undefined>>): Reading => {
  const source = text.replace(/^\uFEFF/, '');
  const lines = new LineCounter();
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const control = CONTROL.exec(source) ?? /\uFFFD/.exec(source);
  if (control !== null) {
    const before = source.slice(0, control.index).split('\n');
    const code = control[0].charCodeAt(0);
    const message =
      code === 0xfffd
        ? 'is not UTF-8 text: save the file as UTF-8'
        : `has the control character U+${code.toString(16).toUpperCase().padStart(4, '0')}: remove it`;
    return failed([mistake({ line: before.length, column: before.at(-1)!.length + 1 }, [], message)]);
  }
  const deep = TOO_DEEP.exec(source);
  if (deep !== null)
    return failed([
      mistake(
        { line: source.slice(0, deep.index).split('\n').length, column: 1 },
        [],
        'is nested too deep: a site file has five levels',
      ),
    ]);
  try {
    // The parser's own search for repeated keys compares each with each: minutes for a file of 1 MiB.
    const document = parseDocument(source, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      logLevel: 'error',
    });
    // One fault of syntax makes others after it; the first is the true one.
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) return failed([mistake(at(fault.pos[0]), [], syntax(fault))]);
    const twice = repeatedKeys(document);
    if (twice.length > 0)
      return failed(twice.map(({ key, offset }) => mistake(at(offset), [], `${show(key)} is given twice: remove one`)));
    const input: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    if (input === null || input === undefined)
      return failed([mistake(at(0), [], 'is empty: run "hybridctl vpn init" to write one')]);
    const locate = (issues: readonly SiteIssue[]): readonly Mistake[] =>
      issues.map(({ path, message }) => mistake(at(offsetOf(document, path)), path, message));
    const parsed = siteSchema.safeParse(input);
    if (!parsed.success) {
      const shape = schemaMistakes(siteSchema, input, parsed.error.issues).slice(0, MOST);
      const meaning = [...unknownNames(input), ...partialIssues(input, parsed.error.issues)];
      const part = filesPart(input, parsed.error.issues);
      return failed(
        locate([...shape, ...meaning]).slice(0, MOST),
        part && {
          site: part.site,
          locate: (issues) => locate(issues.map(({ path, message }) => ({ path: part.origin(path), message }))),
        },
      );
    }
    const issues = [...unknownRegion(parsed.data, env), ...checkSite(parsed.data)];
    return issues.length === 0
      ? { site: parsed.data, mistakes: [], locate }
      : failed(locate(issues), { site: parsed.data, locate });
  } catch (error) {
    if (error instanceof RangeError)
      return failed([mistake(at(0), [], 'is nested too deep: a site file has five levels')]);
    if (error instanceof ReferenceError)
      return failed([
        mistake(at(0), [], `uses more than ${MAX_ALIASES} aliases, or one that is not defined: write the values out`),
      ]);
    throw error;
  }
};

const unknownRegion = (
  { cloud }: Site,
  env: Readonly<Record<string, string | undefined>> | undefined,
): readonly SiteIssue[] => {
  const problem = env === undefined ? undefined : regionProblem(cloud.region, 'aws', env);
  return problem === undefined ? [] : [{ path: ['cloud', 'region'], message: problem }];
};

/** As they stand in the file. */
export const inOrder = (mistakes: readonly Mistake[]): readonly Mistake[] =>
  [...mistakes].sort((a, b) => a.line - b.line || a.column - b.column);

const failed = (
  mistakes: readonly Mistake[],
  part?: Extract<Reading, { readonly site: undefined }>['part'],
): Reading => {
  const sorted = inOrder(mistakes);
  return {
    site: undefined,
    mistakes: sorted as unknown as readonly [Mistake, ...Mistake[]],
    ...(part === undefined ? {} : { part }),
  };
};

/** House style of a message: `what is wrong: how to fix it`. */
const mistake = (place: { line: number; column: number }, path: SiteIssue['path'], sentence: string): Mistake => {
  // A colon inside a quoted value is the value's.
  const head = /^(?:"(?:[^"\\]|\\.)*"|[^"])*?: (?=[a-z0-9])/.exec(sentence)?.[0];
  const cut = head === undefined ? undefined : head.length - 2;
  const short = path.map((part) => (typeof part === 'string' && part.length > 40 ? show(part) : part));
  const message = cut === undefined ? sentence : sentence.slice(0, cut);
  return { ...place, path: pathText(short), message, ...(cut === undefined ? {} : { fix: sentence.slice(cut + 2) }) };
};

/** `hybridctl.yaml:12: tunnels[0].inside` */
export const placeOf = (file: string, { line, path }: Mistake): string =>
  `${file}:${line}${path === '' ? '' : `: ${path}`}`;
/** `169.254.5.0/30 is reserved by AWS: take another /30 …` */
export const sentenceOf = ({ message, fix }: Mistake): string => (fix === undefined ? message : `${message}: ${fix}`);

const SYNTAX: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab indents this line: use spaces',
  BAD_INDENT: 'the indentation does not fit the lines above: align it',
  MULTIPLE_DOCS: 'a second document starts here: keep one, remove the line "---"',
  MULTILINE_IMPLICIT_KEY: 'a key runs over several lines: is a colon missing, or a quote not closed?',
  MISSING_CHAR: 'a bracket, quote or comma is missing: close what was opened',
  BLOCK_AS_IMPLICIT_KEY: 'a key stands where a value is expected: put it on a line of its own',
  NON_STRING_KEY: 'a key is not text: put it in quotes',
  TAG_RESOLVE_FAILED: 'a tag (!…) is not known here: remove it',
  BAD_ALIAS: 'an alias (*…) is not right: write the value out',
};

const syntax = ({ code, message }: YAMLError): string =>
  SYNTAX[code] ??
  `is not YAML (${message
    .split('\n')[0]!
    .slice(0, 100)
    .replace(/[\u0000-\u001f\u007f]/g, ' ')}): fix this line`;

const repeatedKeys = (document: Document): readonly { key: string; offset: number }[] => {
  const found: { key: string; offset: number }[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : undefined;
        if (seen.has(name)) found.push({ key: String(name), offset: isNode(key) ? (key.range?.[0] ?? 0) : 0 });
        seen.add(name);
      }
    },
  });
  return found;
};

/** Where a path stands in the text; for a key that is missing, where the map that lacks it begins. */
const offsetOf = (document: Document, path: SiteIssue['path']): number => {
  let node: unknown = document.contents;
  const start = (of: unknown): number | undefined => (isNode(of) ? of.range?.[0] : undefined);
  let offset = start(node) ?? 0;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
      if (pair === undefined) return offset;
      const value: unknown = pair.value;
      // The key's line for a list or a map under it, and for an empty value: that is where the eye looks.
      offset = start(isScalar(value) && value.value !== null ? value : pair.key) ?? offset;
      node = value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = start(node) ?? offset;
    } else return offset;
  }
  return offset;
};
