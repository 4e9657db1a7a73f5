import { KEY_TAG, SITE_TAG } from '../../domain/tags.ts';

/** CloudFormation's own words, as the JSON of a template has them. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };
export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DependsOn?: string;
  readonly Properties: { readonly [key: string]: Value };
}
export type Resources = Readonly<Record<string, Resource>>;

export const ref = (name: string): Value => ({ Ref: name });
export const att = (resource: string, attribute: string): Value => ({ 'Fn::GetAtt': [resource, attribute] });
export const sub = (text: string): Value => ({ 'Fn::Sub': text });
export const either = (condition: string, then: Value, otherwise: Value): Value => ({
  'Fn::If': [condition, then, otherwise],
});
export const NOTHING = ref('AWS::NoValue');

/** Every resource that can carry tags says whose it is: the same two that the other procedures go by. */
export const tags = (key: string): Value => [
  { Key: 'Name', Value: sub(`\${Site}-${key}`) },
  { Key: SITE_TAG, Value: ref('Site') },
  { Key: KEY_TAG, Value: `network/${key}` },
];
