import source from '../../../../templates/localzone/user-data.sh.hbs?raw';
import { template } from '../engine.ts';

const script = template(source);

export interface UtilityUserData {
  readonly site: string;
  readonly region: string;
  /** Text of the site file as the instance has it. */
  readonly siteFile: string;
  /**
   * `https://…` or `s3://bucket/key`: what `npm pack` made. It is whole in itself, so the instance needs no npm
   * registry.
   */
  readonly url: string;
  readonly sha256: string;
}

/**
 * The script that makes a fresh Amazon Linux 2023 the monitor's host. It holds no secret. Node.js comes from the
 * distribution, whose repositories are in S3: a subnet without a way out reaches them by a gateway endpoint.
 */
export const renderUtilityUserData = ({ siteFile, url, ...rest }: UtilityUserData): string =>
  script({ ...rest, url, s3: url.startsWith('s3://'), lines: siteFile.trimEnd().split('\n') });
