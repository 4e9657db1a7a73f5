import * as z from 'zod';

const fileAccount = z.strictObject({
  device: z.string(),
  dialect: z.enum([
    'swanctl',
    'ipsec-conf',
    'libreswan',
    'openswan',
    'ios-vti',
    'ios-cryptomap',
    'asa-8.2',
    'asa-8.3',
    'asa-9.7-vti',
  ]),
  path: z.string(),
  what: z.string(),
  mode: z.string().describe('Octal, as `ls` and `chmod` write it.'),
  state: z.enum(['new', 'changed', 'same']),
});

const result = z.strictObject({
  out: z.string(),
  written: z.boolean(),
  links: z.array(
    z.strictObject({
      link: z.string(),
      router: z.string(),
      role: z.string(),
      vlan: z.number(),
      inside: z.string(),
    }),
  ),
  files: z.array(fileAccount),
});

const vifStatus = z.strictObject({
  link: z.string(),
  connection: z.string(),
  connectionState: z.string(),
  vif: z.string().nullable(),
  state: z.string().describe('`available`: BGP is up. `down`: it stands, and the router does not talk to it.'),
  bgp: z.string(),
  vlan: z.number(),
  differences: z.array(z.string()),
  notPropagating: z.array(z.string()).describe('Tables that do not take what BGP brings.'),
});

const result2 = z.strictObject({
  links: z.array(vifStatus),
});

export const dxRender = result;

export const dxVifKey = z.strictObject({
  link: z.string(),
  router: z.string(),
  vif: z.string(),
  written: z.boolean(),
  files: z.array(z.strictObject({ path: z.string(), mode: z.string(), what: z.string() })),
});

export const dxVifStatus = result2;
