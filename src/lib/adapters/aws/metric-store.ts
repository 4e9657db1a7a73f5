import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { Undeliverable, type MetricStore } from '../../core/outlets.ts';
import type { CloudOptions } from '../../core/ports.ts';
import { asHybridError, codeOf, kindOfError, unreadable } from './errors.ts';
import { cloudwatch } from './services/cloudwatch.ts';

/**
 * From here on gzip makes a request shorter: five figures. A thousand of them are 200 KB, and 10 KB when compressed.
 */
const WORTH_BYTES = 1_024;

/** Figures by CloudWatch PutMetricData. */
export const awsMetricStore = ({ region, profile }: CloudOptions): MetricStore => {
  const client = new CloudWatchClient({
    region,
    ...(profile === undefined ? {} : { profile }),
    maxAttempts: 2,
    requestMinCompressionSizeBytes: WORTH_BYTES,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 8_000, throwOnRequestTimeout: true },
  });
  return {
    async put(namespace, data, signal) {
      const MetricData = data.map(({ name, unit, dimensions, at, value, fine }) => ({
        MetricName: name,
        Unit: unit,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        Timestamp: new Date(at),
        Value: value,
        ...(fine === true ? { StorageResolution: 1 } : {}),
      }));
      try {
        const { $metadata } = await client.send(new PutMetricDataCommand({ Namespace: namespace, MetricData }), {
          abortSignal: signal,
        });
        if ($metadata.requestId === undefined) throw unreadable(cloudwatch, 'PutMetricData');
      } catch (error) {
        if (kindOfError(error, cloudwatch, 'PutMetricData') === 'invalid')
          throw new Undeliverable(`cloudwatch:PutMetricData: ${codeOf(error)}`, { cause: error });
        throw asHybridError(error, cloudwatch, 'PutMetricData', region);
      }
    },
  };
};
