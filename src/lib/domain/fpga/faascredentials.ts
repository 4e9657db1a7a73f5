/**
 * faascmd's own file, `~/.faascredentials` (Alibaba Cloud ECS best practices §8.1.4): INI with the sections
 * FaaSCredentials, Role and OSS. Keys and sections are as faascmd writes them; blanks around `=` do no harm.
 */
export interface FaasCredentials {
  readonly accessKeyId: string | undefined;
  readonly accessKeySecret: string | undefined;
  /** `acs:ram::1234567890123456:role/name`. */
  readonly role: string | undefined;
  readonly bucket: string | undefined;
}

export const FAAS_CREDENTIALS = '.faascredentials';

/** Never throws: what is not understood is not there. */
export const parseFaasCredentials = (text: string): FaasCredentials => {
  const values = new Map<string, string>();
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    const head = /^\s*\[\s*(\w+)\s*\]\s*$/.exec(line)?.[1];
    if (head !== undefined) section = head.toLowerCase();
    const [, key, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && value !== '') values.set(`${section}.${key.toLowerCase()}`, value);
  }
  return {
    accessKeyId: values.get('faascredentials.accessid'),
    accessKeySecret: values.get('faascredentials.accesskey'),
    role: values.get('role.role'),
    bucket: values.get('oss.bucket'),
  };
};

/** The whole file, so that faascmd still reads it. */
export const faasCredentialsText = ({ accessKeyId, accessKeySecret, role, bucket }: FaasCredentials): string =>
  [
    '[FaaSCredentials]',
    ...(accessKeyId === undefined ? [] : [`accessid = ${accessKeyId}`]),
    ...(accessKeySecret === undefined ? [] : [`accesskey = ${accessKeySecret}`]),
    '',
    '[Role]',
    ...(role === undefined ? [] : [`role = ${role}`]),
    '',
    '[OSS]',
    ...(bucket === undefined ? [] : [`bucket = ${bucket}`]),
    '',
  ].join('\n');
