import * as z from 'zod';
import { siteSchema } from '../domain/site.ts';

/** The name `vpn init` gives the schema beside the site file, and the line by which editors find it there. */
export const SCHEMA_FILE = 'hybridctl.schema.json';
export const SCHEMA_LINE = `# yaml-language-server: $schema=${SCHEMA_FILE}\n`;

/** The JSON Schema (draft 2020-12) of the site file as a person writes it: what has a default may be left out. */
export const siteJsonSchema = (): object => z.toJSONSchema(siteSchema, { io: 'input', target: 'draft-2020-12' });

export const siteJsonSchemaText = (): string => `${JSON.stringify(siteJsonSchema(), undefined, 2)}\n`;
