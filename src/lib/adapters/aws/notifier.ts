import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { Undeliverable, type Notifier } from '../../core/outlets.ts';
import type { CloudOptions } from '../../core/ports.ts';
import { asHybridError, codeOf, kindOfError, unreadable } from './errors.ts';
import { sns } from './services/sns.ts';

/** Mail subjects: ASCII, shorter than 100 characters, no line breaks (SNS Publish, parameter Subject). */
const asSubject = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 99);

/**
 * Notices by SNS. A topic is asked in the region of its ARN; endpoints of the China partition follow from the region.
 */
export const awsNotifier = ({ region, profile }: CloudOptions): Notifier => {
  const clients = new Map<string, SNSClient>();
  const clientIn = (where: string): SNSClient => {
    const client =
      clients.get(where) ??
      new SNSClient({
        region: where,
        ...(profile === undefined ? {} : { profile }),
        maxAttempts: 2,
        requestHandler: { connectionTimeout: 3_000, requestTimeout: 8_000, throwOnRequestTimeout: true },
      });
    clients.set(where, client);
    return client;
  };

  return {
    async send(to, { id, subject, text }, signal) {
      const where = 'topic' in to ? (to.topic.split(':')[3] ?? region) : region;
      const attributes = { 'hybridctl.alert': { DataType: 'String', StringValue: id } };
      // A FIFO topic drops the second of two with one id; on others the id tells the reader.
      const once =
        'topic' in to && to.topic.endsWith('.fifo') ? { MessageGroupId: 'hybridctl', MessageDeduplicationId: id } : {};
      const target =
        'topic' in to ? { TopicArn: to.topic, Subject: asSubject(subject), ...once } : { PhoneNumber: to.phone };
      try {
        const { MessageId } = await clientIn(where).send(
          new PublishCommand({ ...target, Message: text, MessageAttributes: attributes }),
          { abortSignal: signal },
        );
        // The page of a captive portal parses as an empty answer.
        if (MessageId === undefined) throw unreadable(sns, 'Publish');
      } catch (error) {
        // Sending it once more can't help; permissions can be put right while we run, so `denied` is not among these.
        const kind = kindOfError(error, sns, 'Publish');
        if (kind === 'absent' || kind === 'invalid')
          throw new Undeliverable(`sns:Publish: ${codeOf(error)}`, { cause: error });
        throw asHybridError(error, sns, 'Publish', where);
      }
    },
  };
};
