import { afterEach } from 'vitest';
import { cleanUp } from './after-each.ts';

// Run anew for each test file.
afterEach(cleanUp);
