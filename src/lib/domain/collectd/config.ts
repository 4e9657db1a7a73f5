/** A host as metrics may call it: in collectd's configuration, the plugin's, and the name of an IAM user. */
export const HOST_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * An address of the plugin's older versions, which is wrong in China: `"https://monitoring." + self.region +
 * ".amazonaws.com/"`.
 */
const ENDPOINT = /\+ (["'])\.amazonaws\.com(\/?)\1/g;

/** Files of the plugin that build its endpoint, under its folder. */
export const ENDPOINT_FILES = [
  'cloudwatch/modules/configuration/confighelper.py',
  'cloudwatch/modules/client/requestbuilder.py',
] as const;

/**
 * The field document's fix: in China the endpoint ends in `.amazonaws.com.cn`. A file that knows of it is left as it
 * is.
 * @returns undefined where the file builds no endpoint in a way we know.
 */
export const mendEndpoint = (text: string): string | undefined => {
  if (text.includes('.amazonaws.com.cn')) return text;
  const fixed = text.replace(
    ENDPOINT,
    '+ (".amazonaws.com.cn$2" if self.region.startswith("cn-") else ".amazonaws.com$2")',
  );
  return fixed === text ? undefined : fixed;
};

/** A setting of collectd.conf, as the last line that has it says; blocks are not entered. */
export const settingIn = (text: string, name: string): string | undefined => {
  const setting = new RegExp(`^\\s*${name}\\s+"?([^"#]+?)"?\\s*(#.*)?$`, 'i');
  let depth = 0;
  let found: string | undefined;
  for (const line of text.split('\n')) {
    if (/^\s*<\//.test(line)) depth -= 1;
    else if (/^\s*</.test(line)) depth += 1;
    else if (depth === 0) found = setting.exec(line)?.[1] ?? found;
  }
  return found;
};

/**
 * collectd.conf with one line more, that takes our file in; where there is none, one that logs to syslog and does that.
 */
export const withInclude = (text: string | undefined, file: string): string => {
  const line = `Include "${file}"`;
  if (text === undefined)
    return `# Written by "hybridctl collectd deploy", since there was none.\nFQDNLookup false\nLoadPlugin syslog\n${line}\n`;
  if (text.split('\n').some((one) => one.trim() === line)) return text;
  return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${line}\n`;
};

/**
 * The agent's common-config.toml with a credentials file of ours. Source: cfg/commonconfig in
 * aws/amazon-cloudwatch-agent.
 * @returns undefined where it names credentials of somebody else's.
 */
export const withAgentCredentials = (text: string | undefined, file: string): string | undefined => {
  const section = `[credentials]\n  shared_credential_profile = "default"\n  shared_credential_file = "${file}"\n`;
  if (text?.includes(section) === true) return text;
  return text === undefined
    ? section
    : /^[ \t]*\[credentials\]/m.test(text)
      ? undefined
      : `${text.replace(/\n*$/, '\n')}\n${section}`;
};

/** Lines that go and come, as a person reads a change: `- load--load-.*`. Order alone is no difference here. */
export const lineDiff = (before: string, after: string): readonly string[] => {
  const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
  const [old, now] = [lines(before), lines(after)];
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
};
