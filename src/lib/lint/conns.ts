import { sectionOf, settingOf } from './sections.ts';
import type { Conn, Secret, Section, Setting } from './types.ts';

/** `28800`, `28800s`, `480m`, `8h`, `1d` in seconds; undefined for anything else. */
export const seconds = (setting: Setting | undefined): number | undefined => {
  const match = /^(\d{1,9})\s*([smhd]?)$/.exec(setting?.value ?? '');
  return match === null
    ? undefined
    : Number(match[1]) * { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 }[match[2] as '' | 's' | 'm' | 'h' | 'd'];
};

const items = (setting: Setting | undefined): readonly string[] =>
  (setting?.value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
const present = (settings: readonly (Setting | undefined)[]): readonly Setting[] =>
  settings.filter((setting) => setting !== undefined);

const deep = (from: Section): readonly Setting[] => [...from.settings, ...from.sections.flatMap(deep)];

/** swanctl.conf(5): `connections { NAME { local { } remote { } children { } } }`. */
export const swanctlConns = (root: Section): readonly Conn[] =>
  root.sections
    .filter(({ name }) => name === 'connections')
    .flatMap(({ sections }) => sections)
    .map((conn) => {
      const side = (word: string): Section | undefined => conn.sections.find(({ name }) => name.startsWith(word));
      const children = sectionOf(conn, 'children')?.sections ?? [];
      const child = (...keys: readonly string[]): Setting | undefined =>
        children.map((each) => settingOf(each, ...keys)).find((found) => found !== undefined);
      const version = settingOf(conn, 'version')?.value;
      return {
        name: conn.name,
        line: conn.line,
        flavour: 'swanctl',
        version: version === '1' ? 1 : version === '2' ? 2 : undefined,
        ike: settingOf(conn, 'proposals'),
        esp: present(children.map((each) => settingOf(each, 'esp_proposals'))),
        local: settingOf(conn, 'local_addrs'),
        localId: settingOf(side('local'), 'id'),
        remote: settingOf(conn, 'remote_addrs'),
        remoteId: settingOf(side('remote'), 'id'),
        localNets: children.flatMap((each) => items(settingOf(each, 'local_ts'))),
        remoteNets: children.flatMap((each) => items(settingOf(each, 'remote_ts'))),
        ikeLife: settingOf(conn, 'rekey_time'),
        childLife: child('life_time') ?? child('rekey_time'),
        dpdTimeout: settingOf(conn, 'dpd_timeout'),
        dpdAction: child('dpd_action'),
        closeAction: child('close_action'),
        start: child('start_action'),
        keyingtries: settingOf(conn, 'keyingtries'),
        mobike: settingOf(conn, 'mobike'),
        encap: settingOf(conn, 'encap'),
        marks: children.flatMap((each) => present([settingOf(each, 'mark_in'), settingOf(each, 'mark_out')])),
        ifId: present([conn, ...children].map((each) => settingOf(each, 'if_id_in', 'if_id_out'))),
        pairs: [conn, ...children].flatMap((each) => [
          present([settingOf(each, 'mark_in'), settingOf(each, 'mark_out')]),
          present([settingOf(each, 'if_id_in'), settingOf(each, 'if_id_out')]),
        ]),
        raw: deep(conn),
      };
    });

/** Settings of a connection that only Libreswan and Openswan know (ipsec.conf(5) of Libreswan 5). */
const LIBRESWAN_CONN = [
  'phase2alg',
  'phase2',
  'ikev2',
  'salifetime',
  'pfs',
  'leftnexthop',
  'rightnexthop',
  'ipsec-interface',
  'encapsulation',
  'vti-interface',
];
/** Of `config setup`, likewise. */
const LIBRESWAN_SETUP = ['protostack', 'virtual-private', 'virtual_private', 'nat_traversal', 'plutodebug', 'nssdir'];

/**
 * Whose ipsec.conf it is: the first project that a comment names (both ship a file with such a header), else the words
 * that only Libreswan knows. The header decides, for Libreswan 5 takes `keyexchange=ikev2` too.
 */
const flavourOf = (root: Section, lines: readonly string[]): 'libreswan' | 'strongswan' => {
  const named = lines
    .slice(0, 40)
    .map((line) => /^\s*#.{0,200}?\b(strongswan|libreswan|openswan)\b/i.exec(line)?.[1]?.toLowerCase())
    .find((name) => name !== undefined);
  if (named !== undefined) return named === 'strongswan' ? 'strongswan' : 'libreswan';
  const has = (kind: 'conn ' | 'config ', words: readonly string[]): boolean =>
    root.sections.some(
      ({ name, settings }) => name.startsWith(kind) && settings.some(({ key }) => words.includes(key)),
    );
  return has('conn ', LIBRESWAN_CONN) || has('config ', LIBRESWAN_SETUP) ? 'libreswan' : 'strongswan';
};

/** Settings that rules look for by themselves. */
const LOOKED_FOR: readonly string[] = [
  'aggressive',
  'aggrmode',
  'auth',
  'dpd_delay',
  'dpddelay',
  'mtu',
  'pfs',
  'rekey',
  'vti-interface',
];

/** The last setting of each key: a section may have thousands, and hundreds of connections may take them over. */
const byKey = ({ settings }: Section): ReadonlyMap<string, Setting> =>
  new Map(settings.map((setting) => [setting.key, setting]));

/** ipsec.conf: `%default` and `also=` are followed, one level of each, as files in the field use them. */
export const ipsecConns = (root: Section, lines: readonly string[]): readonly Conn[] => {
  const conns = root.sections.filter(({ name }) => name.startsWith('conn '));
  const flavour = flavourOf(root, lines);
  const libreswan = flavour === 'libreswan';
  const sections = new Map([...conns].reverse().map((conn) => [conn.name, byKey(conn)]));
  const fallback = sections.get('conn %default') ?? new Map<string, Setting>();
  return conns
    .filter(({ name }) => name !== 'conn %default')
    .map((conn) => {
      const also = conn.settings
        .filter(({ key }) => key === 'also')
        .flatMap(({ value }) => sections.get(`conn ${value}`) ?? []);
      /** What says it last comes first. */
      const layers = [byKey(conn), ...also.reverse(), fallback];
      const of = (...keys: readonly string[]): Setting | undefined => {
        for (const layer of layers) {
          const found = keys.flatMap((key) => layer.get(key) ?? []);
          if (found.length > 0) return found.reduce((last, next) => (next.line > last.line ? next : last));
        }
        return undefined;
      };
      const exchange = of('keyexchange')?.value;
      const ikev2 = of('ikev2')?.value;
      const version = libreswan
        ? ikev2 === undefined
          ? exchange === 'ikev1'
            ? 1
            : exchange === 'ikev2'
              ? 2
              : undefined
          : /^(no|never)$/.test(ikev2)
            ? 1
            : 2
        : exchange === 'ikev1'
          ? 1
          : exchange === 'ikev2'
            ? 2
            : undefined;
      return {
        name: conn.name.slice(5),
        line: conn.line,
        flavour,
        version,
        ike: of('ike'),
        esp: present([of('esp', 'phase2alg')]),
        local: of('left'),
        localId: of('leftid'),
        remote: of('right'),
        remoteId: of('rightid'),
        localNets: items(of('leftsubnet')),
        remoteNets: items(of('rightsubnet')),
        ikeLife: of('ikelifetime'),
        childLife: of('lifetime', 'keylife', 'salifetime'),
        dpdTimeout: of('dpdtimeout'),
        dpdAction: of('dpdaction'),
        closeAction: of('closeaction'),
        start: of('auto'),
        keyingtries: of('keyingtries'),
        mobike: of('mobike'),
        encap: of('forceencaps', 'encapsulation', 'encaps'),
        marks: present([of('mark'), of('mark_in'), of('mark_out')]),
        ifId: present([of('if_id_in'), of('if_id_out'), of('ipsec-interface')]),
        pairs: [present([of('mark_in'), of('mark_out')]), present([of('if_id_in'), of('if_id_out')])],
        raw: layers.toReversed().flatMap((layer) => LOOKED_FOR.flatMap((key) => layer.get(key) ?? [])),
      };
    });
};

export const swanctlSecrets = (root: Section): readonly Secret[] =>
  root.sections
    .filter(({ name }) => name === 'secrets')
    .flatMap(({ sections }) => sections)
    .filter(({ name }) => name.startsWith('ike'))
    .flatMap((entry) => {
      const secret = settingOf(entry, 'secret');
      return secret === undefined
        ? []
        : [
            {
              line: secret.line,
              value: secret.value,
              ids: entry.settings.filter(({ key }) => key.startsWith('id')).map(({ value }) => value),
            },
          ];
    });

export const ipsecSecrets = (root: Section): readonly Secret[] =>
  root.settings
    .filter(({ key }) => key === 'PSK' || key.startsWith('PSK '))
    .map(({ key, value, line }) => ({
      line,
      value,
      ids: key
        .slice(4)
        .split(/\s+/)
        .filter((id) => id !== ''),
    }));
