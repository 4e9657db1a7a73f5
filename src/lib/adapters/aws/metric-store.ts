import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { Undeliverable, type MetricStore } from '../../core/outlets.ts';
import type { CloudOptions } from '../../core/ports.ts';
import { asHybridError, codeOf, unreadable } from './errors.ts';

const FINAL = new Set(['InvalidParameterValue', 'InvalidParameterValueException', 'InvalidParameterCombination', 'InvalidParameterCombinationException', 'MissingParameter', 'MissingRequiredParameterException']);

/** Figures by CloudWatch PutMetricData. */
export const awsMetricStore = ({ region, profile }: CloudOptions): MetricStore => {
  const client = new CloudWatchClient({ region, ...(profile === undefined ? {} : { profile }), maxAttempts: 2, requestHandler: { connectionTimeout: 3_000, requestTimeout: 8_000, throwOnRequestTimeout: true } });
  return {
    async put(namespace, data, signal) {
      const MetricData = data.map(({ name, unit, dimensions, at, value }) => ({
        MetricName: name,
        Unit: unit,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        Timestamp: new Date(at),
        Value: value,
      }));
      try {
        const { $metadata } = await client.send(new PutMetricDataCommand({ Namespace: namespace, MetricData }), { abortSignal: signal });
        if ($metadata.requestId === undefined) throw unreadable('cloudwatch:PutMetricData');
      } catch (error) {
        if (FINAL.has(codeOf(error))) throw new Undeliverable(`cloudwatch:PutMetricData: ${codeOf(error)}`, { cause: error });
        throw asHybridError(error, 'cloudwatch:PutMetricData', region);
      }
    },
  };
};
