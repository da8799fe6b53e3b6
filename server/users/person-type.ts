import { ObjectRef } from '@pothos/core';
import type { AdminBuilder, AdminTypes } from '../doors/graphql-builder.ts';
import { connectionOf } from '../doors/graphql-lists.ts';
import type { AdminPerson } from './directory.ts';

/** The schema's Person, for modules that add what they know about people. Its own fields stand in users.admin.ts. */
export const PersonType = new ObjectRef<AdminTypes, AdminPerson>('Person');

/** Pages of people, whoever lists them. */
export const peopleConnection = (builder: AdminBuilder) => connectionOf(builder, PersonType, 'Person', { total: true });
