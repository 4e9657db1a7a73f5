import type { Section, Setting } from './types.ts';

/** A section of swanctl.conf while it is read: `refs` are sections whose content it takes over. */
type Open = Section & { readonly refs?: readonly string[]; readonly sections: Open[] };

const section = (name: string, line: number, refs?: readonly string[]): Open => ({
  name,
  line,
  settings: [],
  sections: [],
  ...(refs === undefined ? {} : { refs }),
});

/** Deeper than any real file; a hostile one could nest a million. */
const MAX_DEPTH = 32;

const unquote = (value: string): string => /^"([^"]*)"$/.exec(value.trim())?.[1] ?? value.trim();

/** Cuts at the first `#` outside double quotes. */
const uncomment = (line: string): string => {
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === '"') quoted = !quoted;
    else if (line[at] === '#' && !quoted) return line.slice(0, at);
  }
  return line;
};

/** References are followed this deep; one that leads back to itself ends there. */
const MAX_REFERENCES = 8;
/** Settings that all references of a file may bring in together: a hostile file multiplies itself by them. */
const MAX_INHERITED = 100_000;

const sizeOf = ({ settings, sections }: Section): number =>
  1 + settings.length + sections.reduce((sum, inner) => sum + sizeOf(inner), 0);

/** `base` first, so that a section's own settings come later and count. */
const merged = (own: Section, base: Section): Section => ({
  ...own,
  settings: [...base.settings, ...own.settings],
  sections: [
    ...base.sections
      .filter(({ name }) => !own.sections.some((section) => section.name === name))
      .map((inherited) => ({ ...inherited })),
    ...own.sections.map((inner) => {
      const inherited = base.sections.find(({ name }) => name === inner.name);
      return inherited === undefined ? inner : merged(inner, inherited);
    }),
  ],
});

/** strongswan.conf(5) "Referencing other Sections": `name : a.b, c { … }` inherits settings and sections of both. */
const resolved = (root: Open, from: Open, budget: { left: number }, depth = 0): Section => {
  const own: Section = { ...from, sections: from.sections.map((inner) => resolved(root, inner, budget, depth)) };
  if (from.refs === undefined || depth === MAX_REFERENCES) return own;
  return from.refs.reduce((result, path) => {
    const target = path
      .split('.')
      .reduce<Open | undefined>((at, name) => at?.sections.find((inner) => inner.name === name), root);
    if (target === undefined || budget.left <= 0) return result;
    const inherited = resolved(root, target, budget, depth + 1);
    budget.left -= sizeOf(inherited);
    return merged(result, inherited);
  }, own);
};

/**
 * swanctl.conf and strongswan.conf (strongswan.conf(5)): `name { … }` and `key = value`, any number on a line; what a
 * section refers to is part of it. Tolerant: what is neither is skipped, an unclosed section ends with the file.
 */
export const parseNested = (lines: readonly string[]): Section => {
  const root = section('', 1);
  const open = [root];
  lines.forEach((raw, index) => {
    let rest = uncomment(raw).trim();
    while (rest !== '') {
      if (rest.startsWith('}')) {
        if (open.length > 1) open.pop();
        rest = rest.slice(1).trim();
        continue;
      }
      const opens = /^([^\s{}=#":]{1,200})\s*(?::\s*([^{}]{0,200}))?\{/.exec(rest);
      if (opens !== null) {
        const refs = opens[2]?.split(',').map((path) => path.trim());
        const inner = section(opens[1]!, index + 1, refs);
        open.at(-1)!.sections.push(inner);
        if (open.length < MAX_DEPTH) open.push(inner);
        rest = rest.slice(opens[0].length).trim();
        continue;
      }
      const sets = /^([^\s{}=#"]{1,200})\s*=\s*("[^"]*"|[^{}]*)/.exec(rest);
      if (sets === null) return;
      open.at(-1)!.settings.push({ key: sets[1]!, value: unquote(sets[2]!), line: index + 1 });
      rest = rest.slice(sets[0].length).trim();
    }
  });
  return resolved(root, root, { left: MAX_INHERITED });
};

/**
 * ipsec.conf of strongSwan, Libreswan and Openswan: `conn NAME`, `config setup`, then `key=value` lines. Pasted files
 * lose their indentation, so a `key=value` line belongs to the section above it either way. `include` lines and secrets
 * (`ids : PSK "key"`) are settings of the root.
 */
export const parseIpsecConf = (lines: readonly string[]): Section => {
  const root = section('', 1);
  let current = root;
  lines.forEach((raw, index) => {
    const line = index + 1;
    if (/^\s*#?\s*include\s/.test(raw)) {
      root.settings.push({
        key: raw.trim().startsWith('#') ? '#include' : 'include',
        value: raw.replace(/^[\s#]*include\s+/, '').trim(),
        line,
      });
      return;
    }
    const text = uncomment(raw).trim();
    const head = /^(conn|config|ca)\s+(\S{1,200})$/.exec(text);
    if (head !== null) {
      current = section(`${head[1]} ${head[2]}`, line);
      root.sections.push(current);
      return;
    }
    // The ids before the colon may be none. A key in typographic quotes is a key with quotes in it, so it stays whole.
    const secret = /^([^"]{0,400}?):\s*PSK\s*(.{0,2000})$/.exec(raw.trim());
    if (secret !== null && !raw.trim().startsWith('#')) {
      root.settings.push({ key: `PSK ${secret[1]!.trim()}`.trim(), value: unquote(uncomment(secret[2]!)), line });
      return;
    }
    const sets = /^([A-Za-z0-9_-]{1,60})\s*=\s*(.*)$/.exec(text);
    if (sets !== null) current.settings.push({ key: sets[1]!.toLowerCase(), value: unquote(sets[2]!), line });
  });
  return root;
};

/** sysctl.conf(5): `key = value`, `;` and `#` comments. */
export const parseSysctl = (lines: readonly string[]): Section => {
  const root = section('', 1);
  lines.forEach((raw, index) => {
    const sets = /^\s*-?([a-z][A-Za-z0-9_./-]{1,200})\s*=\s*(\S{0,200})\s*$/.exec(raw);
    if (sets !== null) root.settings.push({ key: sets[1]!.replaceAll('/', '.'), value: sets[2]!, line: index + 1 });
  });
  return root;
};

export const settingOf = (from: Section | undefined, ...keys: readonly string[]): Setting | undefined =>
  from?.settings.findLast(({ key }) => keys.includes(key));
export const sectionOf = (from: Section | undefined, name: string): Section | undefined =>
  from?.sections.find((each) => each.name === name);
