import { failure } from '../../src/lib/core/errors.ts';
import type { HybridError } from '../../src/lib/core/errors.ts';
import type { Vici, ViciSection } from '../../src/lib/core/ports.ts';

/** A charon that keeps what is loaded and what is established; the words are those of strongSwan's vici README. */
export interface FakeCharon {
  readonly vici: Vici;
  /** list-conn sections by connection. */
  readonly connections: Map<string, ViciSection>;
  /** list-sa sections by connection. */
  readonly sas: Map<string, ViciSection>;
  closed: boolean;
}

const section = (value: unknown): ViciSection =>
  typeof value === 'object' && !Array.isArray(value) ? (value as ViciSection) : {};

/** What list-conns says of a loaded connection (version "0" means any). */
const listed = (loaded: ViciSection): ViciSection => {
  const { version, children, ...rest } = loaded;
  return {
    ...rest,
    version: version === '1' ? 'IKEv1' : version === '2' ? 'IKEv2' : 'IKEv1/2',
    children: Object.fromEntries(
      Object.entries(section(children)).map(([name, child]) => [
        name,
        {
          mode: 'TUNNEL',
          'local-ts': section(child)['local_ts'] ?? [],
          'remote-ts': section(child)['remote_ts'] ?? [],
        },
      ]),
    ),
  };
};

export const fakeCharon = (plugins: readonly string[] = ['aes', 'kernel-netlink', 'vici']): FakeCharon => {
  const connections = new Map<string, ViciSection>();
  const sas = new Map<string, ViciSection>();
  const refuse = (command: string, reason: string) => failure(`charon refused ${command}: ${reason}`);

  const commands: Record<string, (message: ViciSection) => ViciSection> = {
    version: () => ({ daemon: 'charon', version: '5.9.8', sysname: 'Linux', release: '6.1.0', machine: 'x86_64' }),
    stats: () => ({ plugins, ikesas: { total: String(sas.size), 'half-open': '0' } }),
    'get-conns': () => ({ conns: [...connections.keys()] }),
    'load-conn': (message) => {
      for (const [name, loaded] of Object.entries(message)) connections.set(name, listed(section(loaded)));
      return { success: 'yes' };
    },
    'unload-conn': ({ name }) => {
      if (!connections.delete(String(name)))
        throw refuse('unload-conn', `unload: connection '${String(name)}' not found`);
      return { success: 'yes' };
    },
    initiate: ({ ike, child }) => {
      const config = connections.get(String(ike));
      const children = section(config?.['children']);
      if (config === undefined || !(String(child) in children))
        throw refuse('initiate', `CHILD_SA config '${String(child)}' not found`);
      sas.set(String(ike), {
        version: '2',
        state: 'ESTABLISHED',
        initiator: 'yes',
        'child-sas': { [`${String(child)}-1`]: { name: String(child), state: 'INSTALLED' } },
      });
      return { success: 'yes' };
    },
    terminate: ({ ike }) => {
      const gone = sas.get(String(ike));
      if (!sas.delete(String(ike))) throw refuse('terminate', 'no matching SAs to terminate found');
      listeners.get('ike-updown')?.({ [String(ike)]: gone! });
      return { success: 'yes', matches: '1', terminated: '1' };
    },
  };
  const streams: Record<string, () => readonly ViciSection[]> = {
    'list-conns/list-conn': () => [...connections].map(([name, value]) => ({ [name]: value })),
    'list-sas/list-sa': () => [...sas].map(([name, value]) => ({ [name]: value })),
  };

  let over: (error: HybridError) => void;
  const ended = new Promise<HybridError>((resolve) => (over = resolve));
  const listeners = new Map<string, (message: ViciSection) => void>();

  const state: FakeCharon = {
    connections,
    sas,
    closed: false,
    vici: {
      async request(command, message = {}) {
        if (state.closed) throw failure('the connection to charon was closed');
        const handler = commands[command];
        if (handler === undefined) throw failure(`this charon does not know the command "${command}"`);
        return handler(message);
      },
      async stream(command, event) {
        if (state.closed) throw failure('the connection to charon was closed');
        const handler = streams[`${command}/${event}`];
        if (handler === undefined) throw failure(`this charon does not know the event "${event}"`);
        return handler();
      },
      async listen(event, onEvent) {
        if (state.closed) throw failure('the connection to charon was closed');
        if (!['ike-updown', 'child-updown'].includes(event))
          throw failure(`this charon does not know the event "${event}"`);
        listeners.set(event, onEvent);
      },
      ended,
      close() {
        state.closed = true;
        over(failure('the connection to charon was closed'));
      },
    },
  };
  return state;
};
