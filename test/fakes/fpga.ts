import { failure, usageError } from '../../src/lib/core/errors.ts';
import type { FpgaCloud, FpgaImage, Sharing } from '../../src/lib/core/fpga.ts';

export interface FakeFpga extends FpgaCloud {
  readonly calls: string[];
  /** The build ends: well, or with this error. */
  end(id: string, error?: { readonly code: string; readonly message: string }): void;
}

/** FPGA images in memory, with EC2's rules. A build ends when the test says so. */
export const fakeFpga = (region = 'cn-north-1'): FakeFpga => {
  const images = new Map<string, FpgaImage & { readonly token: string }>();
  const shares = new Map<string, Sharing>();
  const calls: string[] = [];
  const find = (id: string) => {
    const found = images.get(id);
    if (found === undefined)
      throw failure(`ec2: InvalidFpgaImageID.NotFound: ${id}`, {
        code: 'InvalidFpgaImageID.NotFound',
        kind: 'absent',
        call: 'refused',
      });
    return found;
  };
  const sharing = (id: string): Sharing => (
    find(id), shares.get(id) ?? { accounts: [], everybody: false, productCodes: [] }
  );
  const add = (token: string, more: Partial<FpgaImage>): FpgaImage => {
    const known = [...images.values()].find((image) => image.token === token);
    if (known !== undefined) return known;
    const digits = String(calls.length + 1).padStart(17, '0');
    const made = {
      id: `afi-${digits}`,
      globalId: `agfi-${digits}`,
      name: null,
      description: null,
      state: 'pending' as const,
      failure: null,
      shell: null,
      owner: '123456789012',
      public: false,
      encrypted: null,
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      tags: {},
      token,
      ...more,
    };
    images.set(made.id, made);
    return made;
  };
  return {
    cloud: 'aws',
    region,
    calls,
    end: (id, error) =>
      void images.set(id, {
        ...find(id),
        state: error === undefined ? 'available' : 'failed',
        failure: error ?? null,
        shell: error === undefined ? '0x10212415' : null,
      }),
    images: async (ids) =>
      (ids === undefined ? [...images.values()] : ids.map(find)).map(({ token: _, ...image }) => image),
    async create({ name = null, description = null, tags, token }) {
      calls.push('create');
      const { id, globalId } = add(token, { name, description, tags });
      return { id, globalId };
    },
    async remove(id) {
      find(id);
      images.delete(id);
    },
    async copy({ id, from, name, token }) {
      calls.push('copy');
      if (from !== region)
        return add(token, {
          state: 'failed',
          name: name ?? null,
          failure: {
            code: 'NOT_FOUND',
            message: 'Source image is not found or the user ID is not authorized to copy source image.',
          },
        }).id;
      const source = find(id);
      if (source.state !== 'available')
        throw failure('not in a suitable state', { code: 'IncorrectState', kind: 'conflict', call: 'refused' });
      return add(token, { name: name ?? source.name, globalId: source.globalId }).id;
    },
    sharing: {
      get: async (id) => sharing(id),
      async change(id, { add: more, remove }) {
        const { accounts, everybody, productCodes } = sharing(id);
        shares.set(id, {
          accounts: [...new Set([...accounts, ...more.accounts])].filter((one) => !remove.accounts.includes(one)),
          everybody: (everybody || more.everybody) && !remove.everybody,
          productCodes,
        });
        images.set(id, { ...find(id), public: shares.get(id)!.everybody });
      },
    },
    instances: async () => [],
    load: async () => {
      throw usageError('no boards here');
    },
    board: async () => {
      throw usageError('no boards here');
    },
  };
};
