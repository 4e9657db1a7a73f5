import { usageError } from '../core/errors.ts';
import { nearest, show } from '../core/words.ts';

/** One compact answer, `az=cn-north-1a,private=172.16.1.157`, in the keys of the site file. */
export type Spec = Readonly<Record<string, string | number | boolean | readonly string[]>>;

interface Key {
  /** The key in the site file. Default: the same. */
  readonly to?: string;
  readonly kind?: 'number' | 'list' | 'boolean';
  readonly required?: true;
}
type Shape = Readonly<Record<string, Key>>;

/** Flags that describe a thing in one word, by flag name; `+` parts the items of a list. */
export const SHAPES = {
  gateway: {
    name: {},
    az: { required: true },
    private: { to: 'private_ip', required: true },
    public: { to: 'public_ip', required: true },
    instance: {},
    eni: {},
    dialect: {},
    interface: {},
    wan: {},
  },
  router: {
    name: {},
    public: { to: 'public_ip', required: true },
    private: { to: 'private_ip' },
    dialect: {},
    interface: {},
    wan: {},
    lan: {},
    lan_ip: {},
    asn: { kind: 'number' },
    router_id: {},
    wan_prefix: { kind: 'number' },
    wan_mtu: { kind: 'number' },
    wan_next_hop: {},
    names: {},
    sequence_base: { kind: 'number' },
    crypto_map: {},
    ospf_process: { kind: 'number' },
  },
  tunnel: {
    name: {},
    gateway: { required: true },
    router: { required: true },
    inside: {},
    auth: {},
    psk_file: {},
    mode: {},
    number: { kind: 'number' },
    initiator: {},
  },
  dx: {
    name: {},
    router: {},
    vlan: { kind: 'number' },
    interface: {},
    inside: { required: true },
    cloud_address: {},
    cloud_asn: { kind: 'number', required: true },
    role: {},
    bfd: { kind: 'boolean' },
    bgp_password_file: {},
  },
  table: {
    id: { required: true },
    name: {},
    az: {},
    subnet: { to: 'subnets', kind: 'list' },
    destination: { to: 'destinations', kind: 'list' },
    links: { kind: 'list' },
    mode: {},
  },
} as const satisfies Record<string, Shape>;

/** `az=…,private=…,public=…[,name=…]`: how a flag's value is written, for its help. */
export const usageOf = (flag: keyof typeof SHAPES): string => {
  const keys = Object.entries<Key>(SHAPES[flag]);
  const form = ([key, { kind }]: [string, Key]): string => `${key}=${kind === 'list' ? 'a+b' : '…'}`;
  return [
    ...keys.filter(([, { required }]) => required).map(form),
    ...keys.filter(([, { required }]) => !required).map((key) => `[${form(key)}]`),
  ].join(',');
};

/**
 * Reads the values of a repeatable flag. Several in one word list are parted by blanks (an environment variable has one
 * string for all). Only the form is judged here; values are the site schema's business.
 * @param partial an existing entry is being changed: what is required may be missing.
 */
export const readSpecs = (flag: keyof typeof SHAPES, values: readonly string[]): readonly Spec[] => {
  const shape: Shape = SHAPES[flag];
  return values
    .flatMap((value) => value.split(/\s+/))
    .filter((word) => word !== '')
    .map((word, index) => {
      const field = `--${flag} (${index + 1})`;
      const spec: Record<string, string | number | boolean | readonly string[]> = {};
      for (const part of word.split(',')) {
        const at = part.indexOf('=');
        const key = part.slice(0, Math.max(at, 0));
        const how = Object.hasOwn(shape, key) ? shape[key] : undefined;
        if (how === undefined) {
          const near = nearest(key, Object.keys(shape));
          throw usageError(
            `${show(part)} is not one of its keys: ${near === undefined ? `write ${usageOf(flag)}` : `did you mean ${near}=?`}`,
            { field },
          );
        }
        const to = how.to ?? key;
        if (Object.hasOwn(spec, to)) throw usageError(`${key} is given twice: remove one`, { field });
        spec[to] = convert(part.slice(at + 1), how);
      }
      return spec;
    });
};

/** The keys that a new entry needs and these lack, as a person would look for them: `--gateway (1) az=`. */
export const absentKeys = (flag: keyof typeof SHAPES, specs: readonly Spec[]): readonly string[] =>
  specs.flatMap((spec, index) =>
    Object.entries<Key>(SHAPES[flag]).flatMap(([key, { to, required }]) =>
      required === true && !Object.hasOwn(spec, to ?? key) ? [`--${flag} (${index + 1}) ${key}=`] : [],
    ),
  );

/** Text that is no number stays text: the schema then says so, with the field. */
const convert = (text: string, { kind }: Key): string | number | boolean | readonly string[] => {
  if (kind === 'list') return text.split('+');
  if (kind === 'number' && /^\d{1,10}$/.test(text)) return Number(text);
  if (kind === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  return text;
};
