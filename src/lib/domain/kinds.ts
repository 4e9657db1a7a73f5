import { usageError } from '../core/errors.ts';
import { text } from '../core/flags/kinds.ts';
import { refused, type Kind } from '../core/flags/kind.ts';
import { show } from '../core/words.ts';
import { addressNumber, cidr as cidrOf, parseCidr } from './cidr.ts';
import { partitionOf } from './partition.ts';
import { regionProblem, regionsOf, type RegionsOf } from './regions.ts';

/** Kinds of flags that know the network and the clouds. */

export interface CidrRange {
  /** Shortest prefix: 8 lets nothing wider than a /8 through. Default: 0. */
  readonly from?: number;
  readonly to?: number;
  /** Said of a network that is wider than `from`. */
  readonly tooWide?: string;
}

/** An IPv4 network whose host bits are zero. @returns its canonical text */
export const cidr = ({
  from = 0,
  to = 32,
  tooWide = 'is wider than is possible here',
}: CidrRange = {}): Kind<string> => ({
  placeholder: 'cidr',
  words: 'an IPv4 network: `10.10.0.0/16`',
  parse(given) {
    if (given === '') throw refused(given, 'a network', '10.10.0.0/16');
    const problem = parseCidr(given);
    if (typeof problem === 'string') throw usageError(`${show(given)} ${problem}`);
    const { prefix, text: canonical } = cidrOf(given);
    if (prefix < from) throw usageError(`${canonical} ${tooWide}: the prefix is /${from} or longer`);
    if (prefix > to) throw usageError(`${canonical} is too small: the prefix is /${to} or shorter`);
    return canonical;
  },
});

/** What a route leads to: a network, or a prefix list of EC2. @returns its canonical text */
export const destination = (): Kind<string> => {
  const network = cidr();
  return {
    placeholder: 'network',
    words: 'an IPv4 network or a prefix list: `10.10.0.0/16`, `pl-0123456789abcdef0`',
    parse: (given, context) => (/^pl-[0-9a-f]{8,17}$/.test(given) ? given : network.parse(given, context)),
  };
};

/** An IPv4 address, not a name. */
export const address = (): Kind<string> => ({
  placeholder: 'address',
  words: 'an IPv4 address: `10.10.3.100`',
  parse(given) {
    if (addressNumber(given) === undefined) throw refused(given, 'an IPv4 address', '10.10.3.100');
    return given;
  },
});

/** Several networks in one text, with blanks or commas between them: a variable has one text for all. */
export const networks = (): Kind<readonly string[]> => ({
  ...cidr(),
  parse: (given, context) =>
    given
      .split(/[\s,]+/)
      .filter((word) => word !== '')
      .map((word) => cidr().parse(word, context)),
});

/** As the site file's schema has it. */
export const siteName = (): Kind<string> =>
  text({
    placeholder: 'name',
    shape: /^[A-Za-z][A-Za-z0-9-]{0,30}$/,
    what: '1 to 31 letters, digits or "-", beginning with a letter',
    like: 'office',
  });

/** A region of the published list, or one that HYBRIDCTL_ALLOW_REGION names. */
export const region = (cloud: RegionsOf = 'aws'): Kind<string> => ({
  placeholder: 'region',
  words: 'a region of the published list; HYBRIDCTL_ALLOW_REGION names one that is newer than the list',
  completion: regionsOf(cloud),
  parse(given, { env }) {
    const problem = given === '' ? 'is empty: write it like cn-north-1' : regionProblem(given, cloud, env);
    if (problem !== undefined) throw usageError(problem);
    return given;
  },
});

const ARN = /^arn:(aws|aws-cn|aws-us-gov):([a-z0-9-]{1,40}):([a-z0-9-]{0,30}):(\d{12}|aws)?:([\x21-\x7e]{1,800})$/;

export interface ArnShape {
  /** `sns`; absent: any. */
  readonly service?: string;
  /** The part after the account. */
  readonly resource?: RegExp;
  /** With an article: `an SNS topic`. */
  readonly what?: string;
  readonly like?: string;
}

/** An ARN whose partition is the one of its region. */
export const arn = ({
  service,
  resource = /./,
  what = 'an ARN',
  like = 'arn:aws-cn:sns:cn-north-1:123456789012:alarms',
}: ArnShape = {}): Kind<string> => ({
  placeholder: 'arn',
  parse(given) {
    const [, partition, of, where = '', , last = ''] = ARN.exec(given) ?? [];
    if (partition === undefined || (service !== undefined && of !== service) || !resource.test(last))
      throw refused(given, `the ARN of ${what.replace(/^an ARN$/, 'anything')}`, like);
    if (where !== '' && partitionOf(where).id !== partition)
      throw usageError(`${show(given)} has the partition ${partition}: in ${where} it is ${partitionOf(where).id}`);
    return given;
  },
});

/** Source: "General purpose bucket naming rules", Amazon S3 user guide. */
const BUCKET = /^(?!xn--|sthree-|amzn-s3-demo-)(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export const bucket = (): Kind<string> =>
  text({
    placeholder: 'bucket',
    shape: BUCKET,
    what: 'a bucket name (3 to 63 of a-z, 0-9, "." and "-")',
    like: 'fpga-builds',
  });

export const instanceType = (): Kind<string> =>
  text({
    placeholder: 'type',
    shape: /^[a-z][a-z0-9-]{1,20}\.[a-z0-9-]{1,20}$/,
    what: 'an instance type',
    like: 't3.small',
  });

/** An id of the EC2 API: `vpc-0a1b2c3d`. @param prefix the part before the dash */
export const resourceId = (prefix: string, what: string): Kind<string> =>
  text({
    placeholder: 'id',
    shape: new RegExp(`^${prefix}-[0-9a-f]{8,17}$`),
    what,
    like: `${prefix}-0a1b2c3d`,
  });
