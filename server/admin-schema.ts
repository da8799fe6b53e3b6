import type { GraphQLSchema } from 'graphql';
import { accessAdmin } from './access/access.admin.ts';
import { auditAdmin } from './audit/audit.admin.ts';
import { complianceAdmin } from './compliance/compliance.admin.ts';
import { consoleAdmin } from './console/console.admin.ts';
import { conversationsAdmin } from './conversations/conversations.admin.ts';
import { dashboardsAdmin } from './dashboards/dashboards.admin.ts';
import { departmentsAdmin } from './departments/departments.admin.ts';
import { buildAdminSchema, type AdminPart } from './doors/graphql-builder.ts';
import { identityAdmin } from './identity/identity.admin.ts';
import { settingsAdmin } from './settings/settings.admin.ts';
import { tasksAdmin } from './tasks/tasks.admin.ts';
import { usersAdmin } from './users/users.admin.ts';

/** What each module adds to the administrative schema, in order. */
const parts: AdminPart[] = [
  settingsAdmin,
  usersAdmin,
  departmentsAdmin,
  accessAdmin,
  identityAdmin,
  tasksAdmin,
  conversationsAdmin,
  auditAdmin,
  complianceAdmin,
  dashboardsAdmin,
  consoleAdmin,
];

let built: GraphQLSchema | undefined;

/** The whole administrative schema. Throws when a root field says too little about itself, which stops the boot. */
export const adminSchema = (): GraphQLSchema => (built ??= buildAdminSchema(parts));
