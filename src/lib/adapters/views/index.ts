import type { Views } from '../../core/views.ts';
import { followFeed } from './follow.ts';
import { serve } from './web.ts';

export const views: Views = { follow: followFeed, serve };
