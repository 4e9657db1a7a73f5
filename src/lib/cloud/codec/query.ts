import { XmlShapeSerializer } from '@aws-sdk/core/protocols';
import type { NormalizedSchema } from '@smithy/core/schema';
import { ApiError } from '../error.ts';
import { decodeForm } from './form.ts';
import type { Incoming, Protocol } from './protocol.ts';
import { inputOf, nameOf, outputOf, type OperationSchema } from './schema.ts';

const PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n';
const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
const element = (name: string, inside: string): string => `<${name}>${inside}</${name}>`;

/** The members of an answer as XML, without an element around them. */
const xmlOf = (schema: NormalizedSchema, output: unknown): string => {
  if (schema.isUnitSchema()) return '';
  const serializer = new XmlShapeSerializer({
    // date-time, where a member has no format of its own
    timestampFormat: { useTrait: true, default: 5 },
    xmlNamespace: '',
    serviceNamespace: '',
  });
  serializer.write(schema, output ?? {});
  const text = String(serializer.flush());
  return /^<[^>]*\/>$/.test(text) ? '' : text.slice(text.indexOf('>') + 1, text.lastIndexOf('</'));
};

const formOf = ({ method, query, body }: Incoming): URLSearchParams =>
  new URLSearchParams(method === 'GET' ? query : body);
const actionOf = (incoming: Incoming): string | undefined => formOf(incoming).get('Action') || undefined;

const decode = (operation: OperationSchema, incoming: Incoming, ec2: boolean): Readonly<Record<string, unknown>> => {
  const params = [...formOf(incoming)].filter(([name]) => name !== 'Action' && name !== 'Version');
  const { input, unknown } = decodeForm(inputOf(operation), params, {
    ec2,
    wrong: (path, text, wanted) =>
      new ApiError(
        ec2 ? 'InvalidParameterValue' : 'ValidationError',
        `Invalid value '${text}' for ${path}. It is not a ${wanted}.`,
      ),
  });
  // EC2 refuses what it does not know; the older services leave it aside.
  if (ec2 && unknown.length > 0)
    throw new ApiError('UnknownParameter', `The parameter ${unknown[0]} is not recognized`);
  return input;
};

/** EC2: a form body with `Action` and flattened parameters in, XML out. */
export const EC2_QUERY: Protocol = {
  contentType: 'text/xml;charset=UTF-8',
  operation: actionOf,
  decode: (operation, incoming) => decode(operation, incoming, true),
  encode(operation, output, requestId) {
    const schema = outputOf(operation);
    const inside = schema.isUnitSchema() ? element('return', 'true') : xmlOf(schema, output);
    const name = `${nameOf(operation)}Response`;
    return {
      status: 200,
      text: `${PROLOGUE}<${name} xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${element('requestId', requestId)}${inside}</${name}>`,
    };
  },
  error: (code, message, requestId) =>
    PROLOGUE +
    element(
      'Response',
      element('Errors', element('Error', element('Code', escaped(code)) + element('Message', escaped(message)))) +
        element('RequestID', requestId),
    ),
  missing: (path) => `The request must contain the parameter ${path}`,
};

/** SNS, IAM, STS, CloudFormation, load balancers. @param namespace of its documents. */
export const awsQuery = (namespace: string): Protocol => ({
  contentType: 'text/xml;charset=UTF-8',
  operation: actionOf,
  decode: (operation, incoming) => decode(operation, incoming, false),
  encode(operation, output, requestId) {
    const name = nameOf(operation);
    const schema = outputOf(operation);
    const result = schema.isUnitSchema() ? '' : element(`${name}Result`, xmlOf(schema, output));
    const metadata = element('ResponseMetadata', element('RequestId', requestId));
    return {
      status: 200,
      text: `${PROLOGUE}<${name}Response xmlns="${namespace}">${result}${metadata}</${name}Response>`,
    };
  },
  error: (code, message, requestId) =>
    `${PROLOGUE}<ErrorResponse xmlns="${namespace}">${element(
      'Error',
      element('Type', 'Sender') + element('Code', escaped(code)) + element('Message', escaped(message)),
    )}${element('RequestId', requestId)}</ErrorResponse>`,
  missing: (path) => `The request must contain the parameter ${path}`,
});
