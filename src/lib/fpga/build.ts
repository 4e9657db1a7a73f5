import type { FpgaCloud, FpgaImage, ImageId } from '../core/fpga.ts';
import type { ObjectStore } from '../core/objects.ts';
import type { Ports } from '../core/ports.ts';
import { again, uri, type CloudChoice } from './choice.ts';
import { finish } from './finish.ts';
import { LOGS_TAG, order, orderPatiently, type Order } from './order.ts';
import { ensureFolder } from './place.ts';
import { called } from './view.ts';

/** What is built, and how. */
export interface BuildOptions extends CloudChoice {
  /** Folder of the bucket for the build's logs. */
  readonly logs: string;
  readonly request: Pick<Order, 'name' | 'description' | 'tags' | 'kind' | 'shell' | 'kmsKey' | 'email'>;
  readonly wait: boolean;
  readonly notifyTopic: string | undefined;
}

/**
 * Asks for the image of an object that is in the bucket, once for the same content, and waits for it where that is
 * wanted.
 * @returns an id alone where the image is new and is not waited for.
 */
export const build = async (
  ports: Ports,
  options: BuildOptions,
  { fpga, store }: { readonly fpga: FpgaCloud; readonly store: ObjectStore },
  what: Pick<Order, 'key' | 'kind' | 'source'>,
): Promise<FpgaImage | ImageId> => {
  const { logs, wait, request, notifyTopic } = options;
  const { bucket } = store;
  if (await ensureFolder(store, logs)) ports.progress(`created ${uri(store, logs)}`);
  const whole = { ...request, ...what, bucket, logs, tags: { ...request.tags, [LOGS_TAG]: uri(store, logs) } };
  const ordered = await (wait ? orderPatiently(fpga, whole, ports) : order(fpga, whole));
  ports.progress(
    ordered.found === undefined
      ? `asked for ${called(ordered)}${wait ? '' : `; ${again(options, `wait ${ordered.id}`)} follows it`}`
      : `${called(ordered)} of the same content is ${ordered.found.state}`,
  );
  return wait
    ? finish(ports, options, fpga, ordered, { notifyTopic, place: { bucket, folder: logs }, isNew: true })
    : (ordered.found ?? { id: ordered.id, globalId: ordered.globalId });
};
