/** Where a site file is looked for, unless another is named. */
export const SITE_FILE = 'hybridctl.yaml';
