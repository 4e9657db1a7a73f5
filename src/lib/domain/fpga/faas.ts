import { FAAS_VERSIONS, type FaasVersion } from '../../core/aliyun.ts';

/** Regions whose endpoints the older SDKs of FaaS list; faascmd works there. The others came with the newer version. */
const OLD_REGIONS: readonly string[] = ['cn-beijing', 'cn-hangzhou', 'cn-shanghai', 'cn-shenzhen', 'cn-zhangjiakou'];

export const faasVersionOf = (region: string, given: FaasVersion | undefined): FaasVersion =>
  given ?? (OLD_REGIONS.includes(region) ? FAAS_VERSIONS[0] : FAAS_VERSIONS[1]);

/** What a version calls a thing. */
export interface FaasNames {
  readonly image: string;
  readonly shell: string;
  readonly encrypted: string;
  readonly machineImage: string;
  readonly board: string;
}

/** Source: the requests of aliyun-python-sdk-faas, v20170824 and v20200217. */
export const FAAS_NAMES: Readonly<Record<FaasVersion, FaasNames>> = {
  '2017-08-24': {
    image: 'FpgaImageUUID',
    shell: 'ShellUUID',
    encrypted: 'Encrypted',
    machineImage: 'ImageID',
    board: 'FpgaUUID',
  },
  '2020-02-17': {
    image: 'FpgaImageUniqueId',
    shell: 'ShellUniqueId',
    encrypted: 'Encryption',
    machineImage: 'ECSImageId',
    board: 'Bdf',
  },
};

/** FaaS keeps one text of tags: `a=1,b=2`. */
export const tagsText = (tags: Readonly<Record<string, string>>): string =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

export const tagsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text.split(',').flatMap((pair) => {
      const [, key = '', value = ''] = /^([^=]+)=?(.*)$/s.exec(pair.trim()) ?? [];
      return key === '' ? [] : [[key, value]];
    }),
  );
