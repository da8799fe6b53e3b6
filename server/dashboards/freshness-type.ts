import { ObjectRef } from '@pothos/core';
import type { AdminTypes } from '../doors/graphql-builder.ts';
import type { Freshness } from './numbers.ts';

/** How fresh numbers are, for whoever shows some. Its fields stand in dashboards.admin.ts. */
export const FreshnessType = new ObjectRef<AdminTypes, Freshness>('MetricFreshness');
