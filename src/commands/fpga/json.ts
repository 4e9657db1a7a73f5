import * as z from 'zod';

const explanation = z.strictObject({
  code: z.string().describe('As the service spells it, blanks and all.'),
  cloud: z.enum(['aws', 'aliyun']),
  status: z.number().nullable().describe('HTTP status; null where the source gives none, or there is no HTTP in it.'),
  calls: z.array(z.string()).describe('API calls that answer so; empty: any.'),
  message: z.string().describe("What faascmd, the API or the vendor's page says."),
  means: z.string(),
  next: z.string(),
  source: z.string(),
});

export const fpgaExplain = z.strictObject({
  explanations: z.array(explanation),
});
