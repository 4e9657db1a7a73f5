/** Where a thing has no tags to be found by, its name is what we find it by: `hybridctl-office-gateways`. */
export const nameOf = (site: string, what: string): string => `hybridctl-${site}-${what}`;
