import { RELAY_FILE, RELAY_TABLE, relaysOf } from '../domain/relay.ts';
import type { HostCheck } from './types.ts';

const relaysHere = ({ host, site, tunnels }: Parameters<HostCheck['run']>[0]) =>
  relaysOf(site, tunnels).filter(({ gateway }) => host.side === 'cloud' && gateway === host.device);

/**
 * Without the relay the gateway's own kernel answers the monitor's probes, so the monitor can judge no link through it.
 * `nft flush ruleset`, a restart of nftables and `firewall-cmd --reload` take it away.
 */
const relay: HostCheck = {
  id: 'probe-relay',
  side: 'host',
  about: "the relay that hands the monitor's probes into the tunnels is loaded",
  inapplicable: (context) =>
    relaysHere(context).length === 0 ? 'no probe relay of the site is on this machine' : undefined,
  async run(context) {
    const { host } = context;
    const relays = relaysHere(context);
    const ruleset = await host.say('nft', 'list', 'ruleset');
    const table = new RegExp(`^table ip ${RELAY_TABLE} \\{\n([\\s\\S]*?)^\\}`, 'm').exec(ruleset)?.[1];
    const missing = relays.filter(
      ({ address, port }) => !new RegExp(`ip daddr ${address} tcp dport ${port} dnat to `).test(table ?? ''),
    );
    if (missing.length === 0) return [];
    const file = host.place(RELAY_FILE);
    return [
      {
        level: 'error',
        subject: host.device,
        found: `the probe relay is not loaded for ${missing.map(({ tunnel }) => tunnel).join(', ')}: this machine itself answers the monitor's probes, and the monitor can judge no link through it`,
        evidence: `nft list ruleset: ${table === undefined ? `no table ip ${RELAY_TABLE}` : `table ip ${RELAY_TABLE} has no rule for TCP ${missing.map(({ port }) => port).join(', ')}`}`,
        next: `load it: "nft -f ${file}"; what flushes the ruleset (a restart of nftables, firewall-cmd --reload) takes it away again`,
        fix: [{ kind: 'run', file: 'nft', args: ['-f', file] }],
      },
    ];
  },
};

export const relayChecks: readonly HostCheck[] = [relay];
