import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';

/** A kind of value, as the specification writes it. */
interface Shape {
  readonly type: string;
  readonly element?: Shape;
  readonly types?: readonly Shape[];
  readonly allowedValues?: readonly string[];
  readonly reference?: { readonly $ref: string };
}
type Properties = Readonly<Record<string, { readonly type: Shape; readonly required?: boolean }>>;

const PLAIN: Readonly<Record<string, string>> = {
  string: 'string',
  'date-time': 'string',
  boolean: 'boolean',
  integer: 'number',
  number: 'number',
};
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Holds resources of a template to what AWS publishes of their types: names, kinds and enumerations of properties, and
 * what is required.
 */
export const cloudFormationProblems = (
  resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: object }>>,
): { readonly looked: number; readonly problems: readonly string[] } => {
  const db = loadAwsServiceSpecSync();
  let looked = 0;
  const properties = (known: Properties, value: Readonly<Record<string, unknown>>, at: string): readonly string[] => [
    ...Object.entries(value).flatMap(([name, item]) =>
      known[name] === undefined
        ? [`${at}.${name}: there is no such property`]
        : check(known[name].type, item, `${at}.${name}`),
    ),
    ...Object.entries(known).flatMap(([name, { required }]) =>
      required === true && !(name in value) ? [`${at}: lacks ${name}`] : [],
    ),
  ];
  const check = (shape: Shape, value: unknown, at: string): readonly string[] => {
    const [name, ...more] = isObject(value) ? Object.keys(value) : [];
    if (isObject(value) && name !== undefined && more.length === 0 && /^(Ref$|Fn::)/.test(name)) {
      // Of the functions only this one carries values of the property itself.
      return name === 'Fn::If'
        ? (value[name] as readonly unknown[]).slice(1).flatMap((branch) => check(shape, branch, at))
        : [];
    }
    looked += 1;
    if (shape.type in PLAIN) {
      if (typeof value !== PLAIN[shape.type]) return [`${at}: ${JSON.stringify(value)} is no ${shape.type}`];
      return shape.allowedValues === undefined || shape.allowedValues.includes(String(value))
        ? []
        : [`${at}: ${String(value)} is none of ${shape.allowedValues.join(', ')}`];
    }
    if (shape.type === 'array')
      return Array.isArray(value)
        ? value.flatMap((item, index) => check(shape.element!, item, `${at}[${index}]`))
        : [`${at}: is no list`];
    if (shape.type === 'union')
      return shape.types!.map((one) => check(one, value, at)).sort((a, b) => a.length - b.length)[0]!;
    if (shape.type === 'json') return [];
    if (!isObject(value)) return [`${at}: is no object`];
    if (shape.type === 'map')
      return Object.entries(value).flatMap(([key, item]) => check(shape.element!, item, `${at}.${key}`));
    if (shape.type === 'ref')
      return properties(db.get('typeDefinition', shape.reference!.$ref).properties as Properties, value, at);
    if (shape.type === 'tag') return ['Key', 'Value'].every((key) => key in value) ? [] : [`${at}: is no tag`];
    return [`${at}: kind ${shape.type} is not known here`];
  };
  const problems = Object.entries(resources).flatMap(([name, { Type, Properties = {} }]) => {
    const [found] = db.lookup('resource', 'cloudFormationType', 'equals', Type);
    return found === undefined
      ? [`${name}: there is no type ${Type}`]
      : properties(found.properties as Properties, Properties as Readonly<Record<string, unknown>>, name);
  });
  return { looked, problems };
};
