import type { Command } from '../lib/core/command.ts';

export interface Group {
  readonly name: string;
  readonly summary: string;
  /** Loaded only when one of its commands is named, so that `--version` and `--help` stay fast. */
  load(): Promise<readonly Command[]>;
}

export const GROUPS: readonly Group[] = [
  {
    name: 'vpn',
    summary: 'tunnels: write the site file, render both ends, look at them',
    load: async () => (await import('./vpn/index.ts')).commands,
  },
  {
    name: 'network',
    summary: 'the one-click VPC by CloudFormation: render, create, status, destroy',
    load: async () => (await import('./network/index.ts')).commands,
  },
  {
    name: 'route',
    summary: 'VPC routes: status, failover, failback, set',
    load: async () => (await import('./route/index.ts')).commands,
  },
  {
    name: 'status',
    summary: 'the whole site at a glance: once, live in the terminal, or as a page',
    load: async () => (await import('./status/index.ts')).commands,
  },
  {
    name: 'dx',
    summary: 'Direct Connect: router configuration, virtual interfaces, status',
    load: async () => (await import('./dx/index.ts')).commands,
  },
  {
    name: 'localzone',
    summary: 'the utility instance that keeps a Local Zone connected',
    load: async () => (await import('./localzone/index.ts')).commands,
  },
  {
    name: 'collectd',
    summary: 'host metrics to CloudWatch: deploy, whitelist, blocked',
    load: async () => (await import('./collectd/index.ts')).commands,
  },
  {
    name: 's3',
    summary: 'buckets as folders: mount, umount, status, heal, bench',
    load: async () => (await import('./s3/index.ts')).commands,
  },
  {
    name: 'monitor',
    summary: '"route monitor" as a service of this machine',
    load: async () => (await import('./monitor/index.ts')).commands,
  },
  {
    name: 'fpga',
    summary: 'FPGA images: upload, build, share, load',
    load: async () => (await import('./fpga/index.ts')).commands,
  },
  {
    name: 'alarm',
    summary: 'CloudWatch alarms: create, list, delete',
    load: async () => (await import('./alarm/index.ts')).commands,
  },
  {
    name: 'events',
    summary: 'health reports by EventBridge, and the event log of the monitor',
    load: async () => (await import('./events/index.ts')).commands,
  },
  {
    name: 'config',
    summary: 'the site file: validate it, print its JSON Schema',
    load: async () => (await import('./config/index.ts')).commands,
  },
  {
    name: 'lab',
    summary: 'the whole hybrid network on this machine, with real daemons',
    load: async () => (await import('./lab/index.ts')).commands,
  },
  {
    name: 'drill',
    summary: 'break the lab, or move real routes there and back, and measure the gap',
    load: async () => (await import('./drill/index.ts')).commands,
  },
  {
    name: 'schema',
    summary: 'the JSON Schema of what a command prints under --json',
    load: async () => (await import('./schema.ts')).commands,
  },
  {
    name: 'completion',
    summary: 'shell completion for bash, zsh and fish',
    load: async () => (await import('./completion.ts')).commands,
  },
];
