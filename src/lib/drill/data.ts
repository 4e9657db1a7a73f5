import type { DrillReport } from './types.ts';

/** A report as its JSON has it: the page's words for a case are the program's own. */
export const reportData = (report: DrillReport) => ({
  ...report,
  cases: report.cases.map(({ story, scene, ...one }) => ({ ...one, timeline: story, stateAtEnd: scene })),
});
