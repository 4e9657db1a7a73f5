import type { Step } from '../../core/procedure.ts';
import {
  functionDocument,
  healthNames,
  patternOf,
  queueDocument,
  topicDocument,
  type HealthNames,
  type Level,
  type NAMES,
} from '../../domain/health-events.ts';
import { debuggerZip, HANDLER, RUNTIME } from '../../render/events/function.ts';
import { eventRule, ruleTargets } from '../aws/event-rule.ts';
import { functionPermission, lambdaFunction } from '../aws/function.ts';
import { account } from '../aws/lookups.ts';
import { queuePolicy, sqsQueue } from '../aws/queue.ts';
import { role, rolePolicy } from '../aws/role.ts';
import { mailSubscription, snsTopic, topicPolicy } from '../aws/topic.ts';

export interface HealthOptions {
  /** Of the application: what tags and event sources carry. */
  readonly name: string;
  readonly region: string;
  readonly names: (typeof NAMES)[number];
  /** Mailboxes that are told of Red. */
  readonly mails: readonly string[];
}

const DESCRIPTION: Readonly<Record<Level, string>> = {
  Green: 'Health reports that need nothing done: counted only',
  Yellow: 'Health reports of a failed check: to the function that looks into them',
  Red: 'Health reports of a server that is down: to people and into the inspection queue',
};

const ruleOf = ({ name }: HealthOptions, names: HealthNames, level: Level) => ({
  name: level.toLowerCase(),
  rule: names.rules[level],
  description: DESCRIPTION[level],
  pattern: patternOf(name, level),
});

/**
 * The three targets, then the rules with their targets, then who may reach what: in the order of the field document.
 */
export const healthSteps = (options: HealthOptions): readonly Step[] => {
  const { name, region, mails } = options;
  const names = healthNames(name, options.names);
  const yellow = ruleOf(options, names, 'Yellow');
  const red = ruleOf(options, names, 'Red');
  return [
    account(),
    role(name, {
      name: 'debugger',
      service: 'lambda',
      region,
      description: `hybridctl: function for Yellow health reports of ${name}`,
    }),
    rolePolicy(name, {
      name: 'debugger',
      needs: ['account'],
      document: (value) => functionDocument(region, value('account'), names.function),
    }),
    lambdaFunction(name, {
      name: 'debugger',
      fn: names.function,
      region,
      runtime: RUNTIME,
      handler: HANDLER,
      description: `hybridctl: looks into Yellow health reports of ${name}`,
      zip: debuggerZip(),
    }),
    snsTopic(name, { name: 'red', topic: names.topic, region }),
    ...mails.map((mail) => mailSubscription('red', mail)),
    sqsQueue(name, { name: 'inspection', queue: names.queue }),
    eventRule(name, ruleOf(options, names, 'Green')),
    eventRule(name, yellow),
    functionPermission('debugger', 'yellow', region),
    ruleTargets(yellow, { debugger: 'function/debugger' }),
    eventRule(name, red),
    topicPolicy('red', ['account'], (value) => topicDocument(region, value('topic/red'), value('account'))),
    queuePolicy('inspection', ['rule/red'], (value) =>
      queueDocument(region, value('queue/inspection'), value('rule/red')),
    ),
    ruleTargets(red, { people: 'topic/red', inspection: 'queue/inspection' }),
  ];
};
