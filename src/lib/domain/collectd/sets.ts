/** Metrics that go together, by the name of the collectd plugin that reads them. */
export interface MetricSet {
  readonly name: string;
  readonly what: string;
  /** Lines of a whitelist. Choices stand in brackets: a bare `|` would lose the line's ends. */
  readonly lines: readonly string[];
}

/** Types as collectd's plugins dispatch them (collectd.conf(5), types.db). */
export const SETS: readonly MetricSet[] = [
  {
    name: 'memory',
    what: 'main memory: used, buffered, cached, free',
    lines: ['memory--memory-.*', 'memory--percent-.*'],
  },
  {
    name: 'swap',
    what: 'swap space and its traffic',
    lines: ['swap-.*-swap-.*', 'swap-.*-swap_io-.*', 'swap-.*-percent-.*'],
  },
  { name: 'cpu', what: 'processor time by state, each core or all', lines: ['cpu-[0-9]*-(cpu|percent)-.*'] },
  { name: 'load', what: 'load average over 1, 5 and 15 minutes', lines: ['load--load-.*'] },
  { name: 'df', what: 'space of file systems', lines: ['df-.*-(df_complex|percent_bytes)-.*'] },
  { name: 'disk', what: 'operations, bytes and time of disks', lines: ['disk-.*-(disk_.*|pending_operations)-.*'] },
  {
    name: 'interface',
    what: 'bytes, packets, errors and drops of network interfaces',
    lines: ['interface-.*-if_(octets|packets|errors|dropped)-.*'],
  },
  { name: 'uptime', what: 'seconds since the boot', lines: ['uptime--uptime-.*'] },
  { name: 'users', what: 'logged-in users', lines: ['users--users-.*'] },
  { name: 'processes', what: 'processes by state, forks', lines: ['processes-.*-(ps_.*|fork_rate)-.*'] },
  { name: 'tcpconns', what: 'TCP connections by state', lines: ['tcpconns-.*-tcp_connections-.*'] },
  { name: 'ping', what: 'round trips, their spread and losses', lines: ['ping-.*-ping(|_stddev|_droprate)-.*'] },
  {
    name: 'apache',
    what: 'requests, bytes and workers of mod_status',
    lines: ['apache-.*-apache_(bytes|requests|connections|idle_workers|scoreboard)-.*'],
  },
  {
    name: 'nginx',
    what: 'requests and connections of stub_status',
    lines: ['nginx-.*-(nginx_requests|nginx_connections|connections)-.*'],
  },
  { name: 'mysql', what: 'everything of the mysql plugin', lines: ['mysql-.*'] },
  { name: 'postgresql', what: 'everything of the postgresql plugin', lines: ['postgresql-.*'] },
  { name: 'memcached', what: 'everything of the memcached plugin', lines: ['memcached-.*'] },
  {
    name: 'openvpn',
    what: 'users, bytes and compression of OpenVPN',
    lines: ['openvpn-.*-(users|if_octets|compression|compression_ratio)-.*'],
  },
];

export const setNamed = (name: string): MetricSet | undefined => SETS.find((set) => set.name === name);
/** The set that a line is of, as it stands. */
export const setOfLine = (line: string): MetricSet | undefined => SETS.find(({ lines }) => lines.includes(line));
