import { XMLBuilder } from 'fast-xml-parser';

/**
 * Documents that no schema of the SDK describes: S3's answers, and the configuration inside a VPN connection. Elements
 * by name, a list is an array, `@name` is an attribute; undefined leaves an element out.
 */
export type Xml = {
  readonly [element: string]: Xml | readonly Xml[] | readonly string[] | string | number | boolean | undefined;
};

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', suppressEmptyNode: true });

export const document = (root: Xml): string => `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(root)}`;
