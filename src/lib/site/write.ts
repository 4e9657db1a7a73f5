import { Document, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Draft } from './answers.ts';
import { SCHEMA_LINE } from './schema.ts';

/** Long lines are the user's own, and so are the blanks inside brackets: neither is a change that anybody asked for. */
const style = (text: string) => ({ lineWidth: 0, flowCollectionPadding: /\[ /.test(text) });

const COMMENTS: Readonly<Record<string, string>> = {
  site: ' The name of this site, in alerts and tags.',
  folder: ' Other sites share this folder: keys and rendered files lie below psk/ and rendered/ by this name.',
  crypto: ' legacy (old boxes, weak), modern (IKEv2, AES-GCM, DH 20 and 19) or cnsa (AES-256-GCM, SHA-384, DH 20).',
  cloud: ' The VPC. vgw: the virtual private gateway, for Direct Connect.',
  gateways:
    ' VPN gateways in the VPC: private_ip as the machine sees itself, public_ip is its Elastic IP.\n instance or eni is what a route points at. dialect: swanctl, ipsec-conf, libreswan, openswan.',
  onprem: ' The office: its networks, and the routers that the tunnels end on.',
  tunnels:
    ' Each joins a gateway and a router. inside: a /30 of its own; the router has the first address.\n psk_file holds the key and nothing else; it has mode 0600 and is never in this file.',
  links: ' What a route table may prefer: a tunnel, or Direct Connect.',
  route_tables: ' VPC route tables, each with its links in order of preference.',
};

/** A new site file, commented for the person who will edit it. */
export const newSiteText = (draft: Draft): string => {
  const document = new Document(draft);
  visit(document, {
    Seq: (_, node) => {
      if (node.items.every(isScalar)) node.flow = true;
    },
    Pair: (_, { key }, path) => {
      if (!isScalar(key) || path.length !== 2) return;
      const comment = COMMENTS[String(key.value)];
      if (comment !== undefined) key.commentBefore = comment;
      if (comment !== undefined) key.spaceBefore = true;
    },
  });
  return `${SCHEMA_LINE}# Site file of hybridctl. Check it with "hybridctl config validate".\n${document.toString(style(''))}`;
};

/** The plain data of a site file's text that has been validated. */
export const draftOf = (text: string): Draft => parseDocument(text).toJS() as Draft;

/**
 * The text with only the changed nodes written anew: comments, order and the rest stay. Where only values change, all
 * else stays to the byte: the library would write every list and map in brackets in one style.
 */
export const amendedText = (text: string, draft: Draft): string => {
  const document = parseDocument(text);
  const edits = valueEdits(document, [], document.toJS(), draft);
  if (!amend(document, [], document.toJS(), draft)) return text;
  const edited = edits === undefined ? undefined : spliced(text, edits);
  const isSame = (other: string): boolean => JSON.stringify(draftOf(other)) === JSON.stringify(document.toJS());
  return edited !== undefined && isSame(edited) ? edited : document.toString(style(text));
};

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly value: unknown;
}

/** The values that change, by their place in the text; undefined where more than values does. */
const valueEdits = (
  document: Document,
  path: readonly (string | number)[],
  before: unknown,
  after: unknown,
): readonly Edit[] | undefined => {
  const all = (parts: readonly (readonly Edit[] | undefined)[]): readonly Edit[] | undefined =>
    parts.includes(undefined) ? undefined : parts.flatMap((part) => part!);
  if (isObject(before) && isObject(after))
    return all(Object.keys(after).map((key) => valueEdits(document, [...path, key], before[key], after[key])));
  if (Array.isArray(before) && Array.isArray(after))
    return before.length === after.length
      ? all(after.map((item, index) => valueEdits(document, [...path, index], before[index], item)))
      : undefined;
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const node = document.getIn(path, true);
  return isScalar(node) && node.range != null && !isObject(after) && !Array.isArray(after) && after !== undefined
    ? [{ from: node.range[0], to: node.range[1], value: after }]
    : undefined;
};

/** The text with other values. A plain word stays plain, all else is quoted as JSON does, which YAML reads too. */
const spliced = (text: string, edits: readonly Edit[]): string =>
  [...edits]
    .sort((one, other) => other.from - one.from)
    .reduce((done, { from, to, value }) => {
      const plain = typeof value === 'string' && /^[\w./-]+$/.test(value) && parseDocument(value).toJS() === value;
      return done.slice(0, from) + (plain ? value : JSON.stringify(value)) + done.slice(to);
    }, text);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @returns whether anything was changed. */
const amend = (document: Document, path: readonly (string | number)[], before: unknown, after: unknown): boolean => {
  if (isObject(before) && isObject(after) && isMap(document.getIn(path, true))) {
    return Object.keys(after)
      .map((key) => amend(document, [...path, key], before[key], after[key]))
      .some(Boolean);
  }
  if (Array.isArray(before) && Array.isArray(after) && isSeq(document.getIn(path, true))) {
    const changed = after.map((item, index) => amend(document, [...path, index], before[index], item)).some(Boolean);
    for (let index = before.length - 1; index >= after.length; index -= 1) document.deleteIn([...path, index]);
    return changed || before.length > after.length;
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return false;
  // Named as undefined: taken out. What a draft does not name stays.
  if (after === undefined) return document.deleteIn(path);
  const scalars = Array.isArray(after) && after.every((item) => typeof item !== 'object');
  document.setIn(path, typeof after === 'object' ? document.createNode(after, scalars ? { flow: true } : {}) : after);
  return true;
};
