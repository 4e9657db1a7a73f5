import { usageError } from '../../core/errors.ts';
import type { Ports } from '../../core/ports.ts';
import { chooseSender, type Sender } from '../../domain/collectd/policy.ts';
import { REGION } from '../../domain/partition.ts';
import { absolute } from '../../site/file.ts';
import { dimensionOf, planDeploy, type HostPlan } from './deploy.ts';
import type { FleetMachine } from './fleet.ts';
import type { CollectdHost } from './host.ts';
import { packageOf } from './package.ts';
import { WRITER } from './plugin.ts';
import { lintedWhitelist } from './whitelist-file.ts';

/** What the user wants on every host. */
export interface DeployChoice {
  readonly plugin: Sender | 'auto';
  readonly name: string | undefined;
  readonly reads: readonly string[];
  readonly apache: string | undefined;
  /** Files on this machine. */
  readonly whitelist: string | undefined;
  readonly credentials: string | undefined;
  readonly package: string | undefined;
  readonly sha256: string | undefined;
  /** Seconds between two calls of PutMetricData. */
  readonly flush: number;
  readonly debug: boolean;
  readonly prove: boolean;
  /** Site for each of whose hosts a user is made. */
  readonly user: string | undefined;
}

/** Once, however many hosts lack it. @throws usage error off a terminal. */
const asker = (ports: Ports, field: string, question: string, shape: RegExp): (() => Promise<string>) => {
  let asked: Promise<string> | undefined;
  return () => {
    if (ports.ask === undefined)
      throw usageError(`missing ${field}: a host that is not on EC2 has none of its own`, {
        field,
        next: `add ${field}`,
      });
    return (asked ??= ports.ask.input(question, { validate: (answer) => shape.test(answer) || 'that is none' }));
  };
};

/** @throws usage error where the file is none, or holds no key. */
const readCredentials = async (ports: Ports, path: string): Promise<string> => {
  const content = await ports.files.read(absolute(ports.cwd, path), 65_536);
  if (content === undefined || !/^\s*aws_secret_(access_)?key\s*=\s*\S/m.test(content))
    throw usageError(content === undefined ? 'no such file' : 'has no aws_secret_access_key', {
      field: path,
      next: 'give a file with aws_access_key_id = … and aws_secret_access_key = …',
    });
  return content;
};

/**
 * Reads what all hosts get, and returns what plans one host: the sender that it can have, its region, its credentials.
 * What a host lacks is asked for once. Throws usage errors.
 * @param given region for every host; undefined: the instance's own.
 */
export const hostPlanner = async (ports: Ports, choice: DeployChoice, given: string | undefined) => {
  const whitelist = choice.whitelist === undefined ? undefined : await lintedWhitelist(ports, choice.whitelist);
  const archive = await packageOf(ports, choice);
  const askRegion = asker(ports, '--region', 'Region for the metrics?', REGION);
  const askCredentials = asker(ports, '--user or --credentials', 'File with AWS credentials for the plugin?', /^.+$/);
  const names = new Set<string>();
  return async (
    machine: FleetMachine,
    host: CollectdHost,
  ): Promise<{ readonly plan: HostPlan; readonly region: string }> => {
    const python = async (): Promise<boolean> =>
      archive !== undefined || (await machine.files.stat(WRITER)) !== undefined;
    const sender =
      choice.plugin === 'auto'
        ? chooseSender({
            agent: host.agent || host.manager === 'dnf' || host.manager === 'yum',
            python: await python(),
          })
        : choice.plugin;
    if (sender === undefined)
      throw usageError('neither the CloudWatch Agent nor the plugin is there, and no repository of the host has them', {
        field: '--plugin',
        next: "install AWS's amazon-cloudwatch-agent.deb first, or add --package",
      });
    const region = given ?? host.region ?? (await askRegion());
    const own =
      choice.credentials ??
      (choice.user === undefined && sender === 'python' && host.region === undefined
        ? await askCredentials()
        : undefined);
    const deployment = {
      ...choice,
      sender,
      region,
      whitelist,
      credentials: own === undefined ? undefined : await readCredentials(ports, own),
      package: archive,
    };
    const name = dimensionOf(deployment, host);
    if (names.has(name))
      throw usageError(
        `another of these hosts is called ${name} too, and one name for both would make one metric of theirs`,
        { field: '--name', next: 'deploy to them one by one, each with its --name' },
      );
    names.add(name);
    return { plan: await planDeploy(machine, host, deployment), region };
  };
};
