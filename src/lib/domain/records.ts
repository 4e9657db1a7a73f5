import * as z from 'zod';

/** Where the monitor keeps its records and whom it tells. */

const plainPath = z
  .string()
  .regex(/^[A-Za-z0-9._/-]{1,200}$/, 'is not a plain path: letters, digits, ".", "_", "-" and "/"');
const place = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,29}$/,
    'is not a name of a place: up to 30 letters, digits, blanks, ".", "_" and "-"',
  );

const alerts = z
  .strictObject({
    between: z
      .array(place)
      .length(2)
      .optional()
      .describe(
        'The two ends as the subject of a mail names them: "Status of DCI between A and B Changed!". Default: the region and the site.',
      ),
    topics: z
      .array(
        z
          .string()
          .regex(
            /^arn:aws(-cn|-us-gov)?:sns:[a-z0-9-]{1,30}:\d{12}:[A-Za-z0-9_-]{1,80}(\.fifo)?$/,
            'is not the ARN of an SNS topic: it looks like arn:aws-cn:sns:cn-north-1:123456789012:DCI-Status',
          ),
      )
      .max(8)
      .default([])
      .describe('SNS topics; people subscribe to them by mail.'),
    phones: z
      .array(z.string().regex(/^\+[1-9]\d{6,14}$/, 'is not a phone number: it looks like +8613800000000'))
      .max(8)
      .default([])
      .describe('Phone numbers that get an SMS. Regions of the China partition have no SMS.'),
  })
  .describe('Who gets alerts: about a move, a site without a working link, a gateway that was restarted.');

const cloudwatch = z
  .strictObject({
    namespace: z
      .string()
      .regex(
        /^(?!AWS\/)[A-Za-z0-9][A-Za-z0-9._/#-]{0,99}$/,
        'is not a namespace of your own: letters, digits, ".", "_", "/", "#" and "-", not beginning with AWS/',
      )
      .default('hybridctl'),
  })
  .describe('Path health, round trip, failovers and detection time as CloudWatch metrics, once a minute.');

const elasticsearch = z
  .strictObject({
    url: z
      .string()
      .regex(
        /^https?:\/\/[A-Za-z0-9.-]{1,200}(:\d{1,5})?(\/[A-Za-z0-9._/-]{0,100})?$/,
        'is not an address like https://search.example.com:9200 (a key goes into api_key_file)',
      )
      .describe('Elasticsearch or OpenSearch.'),
    index: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'is not an index name: lower case letters, digits, ".", "_" and "-"')
      .default('hybridctl')
      .describe('Index or data stream.'),
    api_key_file: plainPath.optional().describe('File with the API key, mode 0600, relative to the site file.'),
  })
  .describe('Sends every line of the event log there too.');

export const recordsSchema = z
  .strictObject({
    log: plainPath
      .optional()
      .describe('Event log, JSON lines with ECS names. Default: SITE.events.ndjson in the state folder.'),
    metrics_port: z.int().min(1).max(65_535).optional().describe('Prometheus /metrics and /healthz on 127.0.0.1.'),
    alerts: alerts.optional(),
    cloudwatch: cloudwatch.optional(),
    elasticsearch: elasticsearch.optional(),
  })
  .describe('Records of "route monitor", and who gets alerts.');

export type Records = z.output<typeof recordsSchema>;
