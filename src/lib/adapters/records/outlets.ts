import type { Outlets } from '../../core/outlets.ts';
import { lineLog } from './line-log.ts';

/** The real outlets; each loads what it needs when it is first asked for. */
export const outlets: Outlets = {
  lineLog,
  notifier: async (options) => (await import('../aws/notifier.ts')).awsNotifier(options),
  metricStore: async (options) => (await import('../aws/metric-store.ts')).awsMetricStore(options),
  searchIndex: async (options) => (await import('./search-index.ts')).searchIndex(options),
  feed: async (...call) => (await import('../views/feed.ts')).offerFeed(...call),
  listen: async (...call) => (await import('./listen.ts')).listen(...call),
};
