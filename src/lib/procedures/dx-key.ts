import { dirname } from 'node:path';
import type { Aws } from '../core/aws.ts';
import { failure, usageError } from '../core/errors.ts';
import type { FileToWrite, Ports } from '../core/ports.ts';
import { layoutOf } from '../domain/layout.ts';
import { readDocument } from '../site/document.ts';
import { absolute, mistakesError, type LoadedSite } from '../site/file.ts';
import { bgpPasswordProblem, keyIn } from '../site/psk.ts';
import { amendedText, draftOf } from '../site/write.ts';
import { vifLinkOf } from './direct-connect.ts';
import { overlay } from './init-site.ts';
import { planRender } from './render-files.ts';

export interface KeyFile {
  /** Absolute. */
  readonly path: string;
  readonly what: string;
  readonly mode: FileToWrite['mode'];
}

export interface DxKeyPlan {
  readonly link: string;
  readonly router: string;
  readonly vif: string;
  /** What would be written: only what is new or changed. The key is in it, and nowhere else. */
  readonly pending: readonly FileToWrite[];
  readonly files: readonly KeyFile[];
}

/**
 * Takes the MD5 key of a link's BGP session from Direct Connect: into the link's password file, the site file (which
 * then names it), and the router's configuration. AWS sets such a key on every session ("Add a BGP peer", Direct
 * Connect user guide) and shows it again in `authKey` (API reference, BGPPeer).
 *
 * Nothing is written here. @throws HybridError when there is no interface or no key, or when another key is there.
 */
export const planDxKey = async (
  ports: Pick<Ports, 'files' | 'cwd' | 'clock'>,
  aws: Aws,
  loaded: LoadedSite,
  given: { readonly file: string; readonly link: string | undefined; readonly out: string | undefined },
): Promise<DxKeyPlan> => {
  const { link } = vifLinkOf(loaded.site, given.link, new Map());
  const { vif, key } = await keyOf(aws, link);
  const named = link.bgp_password_file ?? `${layoutOf(loaded.site).psk}/bgp-${link.name}`;
  const path = absolute(dirname(loaded.path), named);
  const before = await ports.files.read(path);
  if (before !== undefined && keyIn(before) !== key)
    throw usageError(`${named} holds another key than Direct Connect`, {
      field: `links.${link.name}.bgp_password_file`,
      next: `remove ${named} first, if Direct Connect's is the right one`,
    });

  const list: { file: FileToWrite; what: string }[] = [];
  const stat = await ports.files.stat(path);
  if (before === undefined || stat?.mode !== 0o600)
    list.push({ file: { path, content: `${key}\n`, mode: 0o600 }, what: 'MD5 key of the BGP session' });
  const draft = draftOf(loaded.text);
  const links = draft.links.map((one) => (one['name'] === link.name ? { ...one, bgp_password_file: named } : one));
  const text = link.bgp_password_file === undefined ? amendedText(loaded.text, { ...draft, links }) : loaded.text;
  if (text !== loaded.text)
    list.push({ file: { path: loaded.path, content: text, mode: 0o644 }, what: 'site file: bgp_password_file' });

  const reading = readDocument(text);
  if (reading.site === undefined) throw mistakesError(given.file, reading.mistakes);
  const files = overlay(
    ports.files,
    list.map(({ file }) => file),
  );
  const rendered = await planRender({ ...ports, files }, { ...loaded, site: reading.site, text }, given.out);
  const mine = rendered.bgp.filter(({ device }) => device === link.router);
  for (const file of rendered.pending) {
    const account = mine.find((one) => one.path === file.path);
    if (account !== undefined) list.push({ file, what: `${account.device}: ${account.what}` });
    else if (file.path.endsWith('.gitignore')) list.push({ file, what: 'keeps the keys out of git' });
  }
  return {
    link: link.name,
    router: link.router,
    vif,
    pending: list.map(({ file }) => file),
    files: list.map(({ file, what }) => ({ path: file.path, what, mode: file.mode })),
  };
};

const keyOf = async (
  aws: Aws,
  link: { readonly name: string; readonly connection: string; readonly vlan: number },
): Promise<{ readonly vif: string; readonly key: string }> => {
  const { virtualInterfaces = [] } = await aws.ask('directconnect', 'DescribeVirtualInterfaces', {
    connectionId: link.connection,
  });
  const vif = virtualInterfaces.find(
    ({ vlan, virtualInterfaceState: now }) =>
      vlan === link.vlan && !['deleted', 'deleting', 'rejected'].includes(now ?? ''),
  );
  if (vif?.virtualInterfaceId === undefined)
    throw failure(`${link.name} has no virtual interface with VLAN ${link.vlan}`, {
      field: link.name,
      next: `make it with "hybridctl dx vif create ${link.name}"`,
    });
  const key = vif.bgpPeers?.find(({ addressFamily }) => addressFamily === 'ipv4')?.authKey ?? vif.authKey ?? '';
  if (key === '')
    throw failure(`Direct Connect shows no MD5 key for ${vif.virtualInterfaceId}`, {
      field: link.name,
      next: 'only the account that owns the interface sees it: ask its owner, or whoever may read virtual interfaces',
    });
  if (bgpPasswordProblem(key) !== undefined)
    throw failure(`the MD5 key of ${vif.virtualInterfaceId} can't be typed into every router`, {
      field: link.name,
      next: 'delete the interface, set bgp_password_file, and make it again: BGP sessions are not changed in place',
    });
  return { vif: vif.virtualInterfaceId, key };
};
