import { stringify } from 'yaml';

/** Data as YAML, for `-o yaml`. Long lines stay whole: programs read them. */
export const toYaml = (data: unknown): string => stringify(data, { lineWidth: 0, aliasDuplicateObjects: false });
