import { parse } from 'yaml';

type Named = { readonly name?: unknown };
interface Loose {
  readonly links?: readonly Named[];
  readonly route_tables?: readonly Named[];
  readonly tunnels?: readonly Named[];
  readonly gateways?: readonly Named[];
  readonly onprem?: { readonly routers?: readonly Named[] };
}

const namesOf = (list: readonly Named[] | undefined): readonly string[] =>
  (list ?? []).flatMap(({ name }) => (typeof name === 'string' ? [name] : []));

/** What a site file names, without judging the rest of it: for a TAB, which shall not wait for a schema. */
export const looseNames = (
  text: string,
): Readonly<Record<'link' | 'table' | 'tunnel' | 'device', readonly string[]>> => {
  const site = parse(text) as Loose;
  return {
    link: namesOf(site.links),
    table: namesOf(site.route_tables),
    tunnel: namesOf(site.tunnels),
    device: [...namesOf(site.gateways), ...namesOf(site.onprem?.routers)],
  };
};
