import { isOpenToOthers, octal } from '../../domain/file-mode.ts';
import { sectionOf, settingOf } from '../sections.ts';
import { catchAll, off, routed } from './linux.ts';
import type { Kind, Parsed, Rule, Setting } from '../types.ts';

const KEYED: readonly Kind[] = ['ios', 'asa', 'swanctl', 'ipsec-conf'];

/** Keys of how-to documents, which attackers try first. */
const KNOWN =
  /^(?:cisco\d*|aws\d*|admin\d*|password\d*|secret\d*|test\d*|vpn\d*|ipsec\d*|changeme|letmein|psk|12345\d*|qwerty\d*)$/i;
const TYPOGRAPHIC = /[\u201c\u201d\u2018\u2019\u00ab\u00bb]/g;
const bare = (value: string): string => value.replaceAll(TYPOGRAPHIC, '');

const sysctl = (file: Parsed, key: string): Setting | undefined => settingOf(file.root, key);
const SYSCTL = 'field documents, "sysctl.conf"; kernel Documentation/networking/ip-sysctl';

export const hostRules: readonly Rule[] = [
  {
    id: 'psk-quotes',
    kinds: KEYED,
    severity: 'error',
    title: 'typographic quotes around a key',
    source: 'field document "OpenSwan": the page shows “ and ”, which are not quotes to any parser',
    check: (file) =>
      file.secrets
        .filter(({ value }) => bare(value) !== value)
        .map(({ line }) => ({
          line,
          message: 'the key is in typographic quotes: they are taken as part of it, or the line is refused',
          fix: 'type plain " quotes',
        })),
  },
  {
    id: 'psk-short',
    kinds: KEYED,
    severity: 'error',
    title: 'a key of less than 8 characters',
    source: 'AWS "Tunnel options": 8 to 64 characters; RFC 7296 §2.15: a key must not be weaker than the cipher',
    check: (file) =>
      file.secrets
        .filter(({ value }) => bare(value).length < 8)
        .map(({ line }) => ({
          line,
          message: 'the key has less than 8 characters: found by trying within hours',
          fix: 'use 32 random characters',
        })),
  },
  {
    id: 'psk-weak',
    kinds: KEYED,
    severity: 'warning',
    title: 'a key that can be guessed',
    source: 'RFC 7296 §2.15 and §5: as unpredictable as the strongest key negotiated',
    check: (file) =>
      file.secrets
        .filter(
          ({ value }) => bare(value).length >= 8 && (value.length < 20 || KNOWN.test(value) || new Set(value).size < 8),
        )
        .map(({ line }) => ({
          line,
          message: 'the key is short, well known or repetitive',
          fix: 'use 32 random characters',
        })),
  },
  {
    id: 'psk-alphabet',
    kinds: KEYED,
    severity: 'info',
    title: 'a key that AWS would not take',
    source: 'AWS "Tunnel options": letters, digits, "." and "_", 8 to 64 of them, not beginning with 0',
    check: (file) =>
      file.secrets
        .filter(({ value }) => bare(value).length >= 8 && !/^(?!0)[A-Za-z0-9._]{8,64}$/.test(value))
        .map(({ line }) => ({
          line,
          message: 'the key has characters or a length that an AWS VPN connection refuses',
          fix: 'use 8 to 64 of A-Z a-z 0-9 . _ and begin with no 0, where the other end is AWS',
        })),
  },
  {
    id: 'psk-readable',
    kinds: KEYED,
    severity: 'error',
    title: 'others may read the key',
    source: 'strongSwan ipsec.secrets(5): root alone, mode 0600',
    check: (file) =>
      file.mode === undefined || !isOpenToOthers(file.mode)
        ? []
        : file.secrets.slice(0, 1).map(({ line }) => ({
            line,
            message: `the file holds a key and has mode ${octal(file.mode!)}`,
            fix: 'chmod 600, and change the key if others use the machine',
          })),
  },
  {
    id: 'paste-blank',
    kinds: [...KEYED, 'sysctl'],
    severity: 'error',
    title: 'blanks of a web page',
    source:
      'field document "OpenSwan": the ids of the key entry are parted by a non-breaking blank, which no parser takes for one',
    check: (file) =>
      file.lines.flatMap((line, index) =>
        /^[^!#]*[\u00a0\u3000\u200b\ufeff]/.test(line.replace(/^\ufeff/, ''))
          ? [
              {
                line: index + 1,
                message: 'a non-breaking or invisible blank: the words around it are read as one',
                fix: 'type the blank anew',
              },
            ]
          : [],
      ),
  },
  {
    id: 'install-routes',
    kinds: ['swanctl', 'ipsec-conf'],
    severity: 'info',
    title: 'charon must not install routes',
    source: 'strongSwan "Route-based VPN": charon.install_routes = no',
    check: (file) => {
      const charon = sectionOf(file.root, 'charon');
      if (charon !== undefined) {
        const set = settingOf(charon, 'install_routes');
        return set !== undefined && off(set.value)
          ? []
          : [
              {
                line: set?.line ?? charon.line,
                message:
                  'charon installs routes for every selector: with 0.0.0.0/0 and a tunnel interface all traffic goes in',
                fix: 'set install_routes = no where tunnels have interfaces',
              },
            ];
      }
      return file.conns
        .filter((conn) => conn.flavour !== 'libreswan' && routed(conn) && catchAll(conn))
        .map(({ line, name }) => ({
          line,
          message: `connection "${name}" has an interface and 0.0.0.0/0 selectors: charon would route everything into table 220`,
          fix: 'see that strongswan.conf has charon { install_routes = no }',
        }));
    },
  },
  {
    id: 'charon-retransmit',
    kinds: ['swanctl'],
    severity: 'info',
    title: 'a dead peer is noticed after 165 s',
    source: 'strongswan.conf(5) "retransmit_*": 4 s x 1.8^n, 5 tries',
    check: (file) => {
      const charon = sectionOf(file.root, 'charon');
      return charon === undefined ||
        settingOf(charon, 'retransmit_tries') !== undefined ||
        !charon.settings.some(({ key }) => key !== 'load')
        ? []
        : [
            {
              line: charon.line,
              message: 'the default retransmission finds a dead peer after 165 s',
              fix: 'retransmit_tries = 3, retransmit_timeout = 2, retransmit_base = 1.5: about 16 s',
            },
          ];
    },
  },
  {
    id: 'charon-plugins',
    kinds: ['swanctl'],
    severity: 'error',
    title: 'a plugin that steals the route',
    source: 'strongSwan: farp answers ARP for 0.0.0.0/0 with VTI; bypass-lan takes the LAN from kernel-libipsec',
    check: (file) => {
      const charon = sectionOf(file.root, 'charon');
      const load = settingOf(charon, 'load');
      const plugins = (load?.value ?? '').split(/\s+/);
      return plugins.includes('kernel-libipsec') && plugins.includes('bypass-lan')
        ? [
            {
              line: load!.line,
              message: 'bypass-lan beside kernel-libipsec: it puts the LAN outside the tunnel and nothing is ever sent',
              fix: 'take bypass-lan out of the list',
            },
          ]
        : [];
    },
  },
  {
    id: 'rp-filter',
    kinds: ['sysctl'],
    severity: 'warning',
    title: 'reverse path filter set in one place only',
    source:
      'kernel ip-sysctl "rp_filter": the larger of all and the interface counts; default is for interfaces made later',
    check: (file) => {
      const set = file.root.settings.filter(({ key }) => /^net\.ipv4\.conf\.[^.]+\.rp_filter$/.test(key));
      const strict = set
        .filter(({ value }) => value === '1')
        .map(({ line, key }) => ({
          line,
          message: `${key} is strict: answers that come by another path are dropped`,
          fix: 'set 2 (loose) or 0',
        }));
      const all = sysctl(file, 'net.ipv4.conf.all.rp_filter');
      return set.length > 0 && all === undefined
        ? [
            ...strict,
            {
              line: set[0]!.line,
              message: 'net.ipv4.conf.all.rp_filter is not set: where the system has 1 there, the larger value wins',
              fix: 'set all and the interface',
            },
          ]
        : strict;
    },
  },
  {
    id: 'ip-forward',
    kinds: ['sysctl'],
    severity: 'error',
    title: 'a gateway that does not forward',
    source: SYSCTL,
    check: (file) =>
      file.root.settings
        .filter(({ key, value }) => key === 'net.ipv4.ip_forward' && value !== '1')
        .map(({ line }) => ({
          line,
          message: 'ip_forward is off: the tunnel is up and nothing passes (troubleshooting case 2)',
          fix: 'set net.ipv4.ip_forward = 1',
        })),
  },
  {
    id: 'redirects',
    kinds: ['sysctl'],
    severity: 'warning',
    title: 'ICMP redirects are on',
    source: SYSCTL,
    check: (file) =>
      file.root.settings
        .filter(({ key, value }) => /^net\.ipv4\.conf\.[^.]+\.(?:send|accept)_redirects$/.test(key) && value !== '0')
        .map(({ line, key }) => ({
          line,
          message: `${key} is on: hosts are sent around the tunnel`,
          fix: 'set it to 0',
        })),
  },
];
