import type { Aws } from '../../core/aws.ts';
import type { FileToWrite, Ports } from '../../core/ports.ts';
import type { ReadContext, ReadResult, Step, Values } from '../../core/procedure.ts';
import type { Site } from '../../domain/site.ts';
import { readDocument } from '../../site/document.ts';
import { amendedText, draftOf } from '../../site/write.ts';
import { planInit, type InitRequest } from '../init-site.ts';

const writing = (files: readonly FileToWrite[]) =>
  files.map((file) => ({ kind: 'write' as const, file, secret: file.mode === 0o600 }));

/**
 * The tunnels' keys, before anything is made of them: a run that dies must find the same keys again. They stay whatever
 * comes.
 */
export const keyFiles = (files: readonly FileToWrite[]): Step => ({
  key: 'site/keys',
  title: `${files.length} ${files.length === 1 ? 'file' : 'files'} for keys`,
  async read(context) {
    const there = await Promise.all(files.map(async ({ path }) => (await context.files.stat(path)) !== undefined));
    return there.every(Boolean) ? { state: 'ready', found: { id: 'here', owned: true } } : { state: 'absent' };
  },
  create: () => writing(files),
});

/**
 * Files whose content is known once the slots in `needs` are: those that differ are written. @param id of the step's
 * result: where they are.
 */
export const settledFiles = (
  ports: Pick<Ports, 'files'>,
  {
    key,
    title,
    id,
    needs = [],
  }: { readonly key: string; readonly title: string; readonly id: string; readonly needs?: readonly string[] },
  filesOf: (values: Values) => readonly FileToWrite[],
): Step => {
  let pending: readonly FileToWrite[] = [];
  return {
    key,
    title,
    needs,
    async read({ values }) {
      const all = await Promise.all(
        filesOf(values).map(async (file) => ({
          file,
          same:
            (await ports.files.read(file.path)) === file.content &&
            (await ports.files.stat(file.path))?.mode === file.mode,
        })),
      );
      pending = all.flatMap(({ file, same }) => (same ? [] : [file]));
      return pending.length > 0 ? { state: 'absent' } : { state: 'ready', found: { id, owned: true } };
    },
    create: () => writing(pending),
  };
};

/**
 * The site file of a new site, before anything is made in the cloud: a run that dies must leave what `vpn destroy` and
 * the next run go by. @param content the site with `released` at each address that is yet to be made.
 */
export const siteDraft = (path: string, content: string): Step => ({
  key: 'site/draft',
  title: 'site file, its addresses still to come',
  async read({ files }) {
    const there = (await files.read(path)) !== undefined;
    return there ? { state: 'ready', found: { id: path, owned: true } } : { state: 'absent' };
  },
  create: () => writing([{ path, content, mode: 0o644 }]),
  delete: () => [{ kind: 'run' as const, file: 'rm', args: ['-f', path] }],
});

/**
 * The site file and all that is rendered from it, as soon as the addresses are known.
 * @param request the answers, given the addresses. @param needs slots of addresses that are to be made.
 * @param path of the site file, absolute. @param before its text, or the draft's; where addresses are made, undo puts it
 * back.
 */
export const siteFiles = (
  ports: Ports,
  request: (values: Values) => InitRequest,
  needs: readonly string[],
  path: string,
  before: string,
): Step => {
  let pending: readonly FileToWrite[] = [];
  return {
    key: 'site',
    title: 'site file and rendered files',
    needs,
    async read({ values }) {
      pending = (await planInit(ports, request(values))).pending;
      return pending.length > 0 ? { state: 'absent' } : { state: 'ready', found: { id: path, owned: true } };
    },
    create: () => writing(pending),
    ...(needs.length === 0
      ? {}
      : {
          delete: () => writing([{ path, content: before, mode: 0o644, keepMode: true }]),
        }),
  };
};

/** The site file's text with what is known of its gateways. */
/** The text with `released` at the addresses of these gateways: they are yet to be made. */
export const withoutAddresses = (text: string, site: Site, fresh: ReadonlySet<string>): string =>
  named(text, site, (name) => (fresh.has(name) ? { released: true } : {}));

const named = (
  text: string,
  site: Site,
  value: (gateway: string) => {
    readonly instance?: string | undefined;
    readonly eni?: string | undefined;
    readonly released?: true;
  },
): string => {
  const draft = draftOf(text);
  return amendedText(text, {
    ...draft,
    gateways: draft.gateways.map((gateway, index) => ({ ...gateway, ...value(site.gateways[index]!.name) })),
  });
};

const textOf = async (
  { files }: Pick<ReadContext, 'files'>,
  path: string,
): Promise<{ text: string; site: Site } | undefined> => {
  const text = await files.read(path);
  const reading = text === undefined ? undefined : readDocument(text);
  return text === undefined || reading?.site === undefined ? undefined : { text, site: reading.site };
};

/** The ids of what was made, in the site file: routes and the monitor go by them. */
export const siteIds = (gateways: readonly string[], path: string): Step => {
  let content = '';
  return {
    key: 'site/ids',
    title: 'instances and interfaces in the site file',
    needs: gateways.map((name) => `instance/${name}`),
    async read(context): Promise<ReadResult> {
      const read = await textOf(context, path);
      if (read === undefined) return { state: 'absent' };
      const { values } = context;
      const slot = (name: string): string | undefined => (values.has(name) ? values(name) : undefined);
      content = named(read.text, read.site, (name) => {
        const eni = slot(`instance/${name}/eni`);
        return { instance: values(`instance/${name}`), ...(eni === undefined ? {} : { eni }) };
      });
      const found = { id: path, owned: true };
      return content === read.text
        ? { state: 'ready', found }
        : { state: 'differs', found, differences: [{ field: 'site file', wanted: 'ids' }] };
    },
    create: () => [],
    update: () => writing([{ path, content, mode: 0o644, keepMode: true }]),
  };
};

/**
 * Notes in the site file which addresses a removal gives back, before it does: they may be somebody else's a moment
 * later, and a run that dies between the two has promised nothing wrong, since an address that is still ours is found
 * by its tags.
 */
export const releasedAddresses = (path: string): Step => {
  let content = '';
  return {
    key: 'site/addresses',
    title: 'Elastic IPs in the site file',
    async read(context) {
      const read = await textOf(context, path);
      if (read === undefined) return { state: 'absent' };
      const { values } = context;
      const goes = (name: string): boolean => {
        const gateway = read.site.gateways.find((one) => one.name === name);
        return (
          gateway?.released !== true &&
          values.has(`eip/${name}/address`) &&
          values(`eip/${name}/address`) === gateway?.public_ip
        );
      };
      content = named(read.text, read.site, (name) => (goes(name) ? { released: true } : {}));
      return content === read.text ? { state: 'absent' } : { state: 'ready', found: { id: path, owned: true } };
    },
    create: () => [],
    delete: () => writing([{ path, content, mode: 0o644, keepMode: true }]),
  };
};

/** Which of the instances that the site names are there and not terminated. */
export const livingInstances = async (aws: Aws, site: Site): Promise<ReadonlySet<string>> => {
  const ids = site.gateways.flatMap(({ instance }) => (instance === undefined ? [] : [instance]));
  if (ids.length === 0) return new Set();
  const found = await aws.all(
    'ec2',
    'DescribeInstances',
    { Filters: [{ Name: 'instance-id', Values: ids }] },
    'Reservations',
  );
  return new Set(
    found
      .flatMap(({ Instances = [] }) => Instances)
      .flatMap(({ InstanceId, State }) => (State?.Name === 'terminated' ? [] : [InstanceId!])),
  );
};

/**
 * The site file without the instances that are gone. undefined: it names none of them. @param gone names of gateways.
 */
export const withoutInstances = (text: string, site: Site, gone: ReadonlySet<string>): string | undefined => {
  const after = named(text, site, (name) => (gone.has(name) ? { instance: undefined, eni: undefined } : {}));
  return after === text ? undefined : after;
};
