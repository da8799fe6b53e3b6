/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type AuditOutcome =
  | 'done'
  | 'refused';

/** `below`: the department and everything below it. `own`: only who was directly in it, or without one in no department. `gone`: only who was in a department that has been deleted since. */
export type DepartmentScope =
  | 'below'
  | 'gone'
  | 'own';

export type FindingKind =
  | 'action'
  | 'department'
  | 'page'
  | 'person'
  | 'role';

export type Grain =
  | 'day'
  | 'month'
  | 'week';

export type PeopleSort =
  | 'CREATED_AT'
  | 'EMAIL'
  | 'LAST_SEEN_AT'
  | 'NAME';

export type PersonKind =
  | 'bot'
  | 'guest'
  | 'imported'
  | 'person';

export type PersonStatus =
  | 'active'
  | 'invited'
  | 'suspended';

export type RoleName =
  | 'administrator'
  | 'analyst'
  | 'auditor'
  | 'guest'
  | 'member'
  | 'owner';

export type SettingKind =
  | 'choice'
  | 'flag'
  | 'number'
  | 'text';

export type TaskState =
  | 'done'
  | 'failed'
  | 'running'
  | 'stopped'
  | 'waiting';

export type CountFragment = { table: string, op: string, count: number };

export type PlanFragment = { token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> };

type ActAnswer_AppliedAct_Fragment = { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> };

type ActAnswer_PlannedAct_Fragment = { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> };

type ActAnswer_RefusedAct_Fragment = { __typename: 'RefusedAct', code: string, message: string, fault: string };

export type ActAnswerFragment =
  | ActAnswer_AppliedAct_Fragment
  | ActAnswer_PlannedAct_Fragment
  | ActAnswer_RefusedAct_Fragment
;

export type EntryLineFragment = { id: string, at: string, action: string, outcome: AuditOutcome, reason: string | null, count: number, position: number | null, before: unknown, after: unknown, door: string | null, address: string | null, requestId: string | null, hash: string | null, actor: { id: string | null, name: string }, target: { kind: string, id: string, name: string | null } | null };

export type AuditEntriesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  actorId?: string | number | null | undefined;
  action?: string | null | undefined;
  outcome?: AuditOutcome | null | undefined;
  targetId?: string | number | null | undefined;
  from?: string | null | undefined;
  to?: string | null | undefined;
  text?: string | null | undefined;
}>;


export type AuditEntriesQuery = { auditEntries: { pageInfo: { endCursor: string | null, hasNextPage: boolean }, edges: Array<{ node: { id: string, at: string, action: string, outcome: AuditOutcome, reason: string | null, count: number, position: number | null, before: unknown, after: unknown, door: string | null, address: string | null, requestId: string | null, hash: string | null, actor: { id: string | null, name: string }, target: { kind: string, id: string, name: string | null } | null } }> } };

export type AuditActionsQueryVariables = Exact<{ [key: string]: never; }>;


export type AuditActionsQuery = { auditActions: Array<string> };

export type AuditStateQueryVariables = Exact<{ [key: string]: never; }>;


export type AuditStateQuery = { auditState: { sealed: number, signed: number, unsealed: number, checkpointAt: string | null } };

export type AuditProofQueryVariables = Exact<{
  id: string | number;
}>;


export type AuditProofQuery = { auditProof: { position: number, checkpoint: number, holds: boolean, text: string } | null };

export type ExportAuditMutationVariables = Exact<{
  since?: string | null | undefined;
  until?: string | null | undefined;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type ExportAuditMutation = { exportAudit:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type AuditEntryQueryVariables = Exact<{
  id: string | number;
}>;


export type AuditEntryQuery = { auditEntry: { id: string, at: string, action: string, outcome: AuditOutcome, reason: string | null, count: number, position: number | null, before: unknown, after: unknown, door: string | null, address: string | null, requestId: string | null, hash: string | null, actor: { id: string | null, name: string }, target: { kind: string, id: string, name: string | null } | null } | null };

export type AuditKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type AuditKeysQuery = { auditKeys: Array<{ id: string, pem: string, current: boolean }> };

export type ConversationLineFragment = { id: string, kind: string, name: string | null, purpose: string, visibility: string, membersCount: number, messagesCount: number, lastAt: string | null, createdAt: string, archivedAt: string | null, members: Array<{ id: string, name: string, kind: PersonKind }> };

export type ConversationsQueryVariables = Exact<{
  query?: string | null | undefined;
  kind?: string | null | undefined;
  userId?: string | number | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ConversationsQuery = { conversations: { totalCount: number, pageInfo: { endCursor: string | null, hasNextPage: boolean }, edges: Array<{ node: { id: string, kind: string, name: string | null, purpose: string, visibility: string, membersCount: number, messagesCount: number, lastAt: string | null, createdAt: string, archivedAt: string | null, members: Array<{ id: string, name: string, kind: PersonKind }> } }> } };

export type ConversationMessagesQueryVariables = Exact<{
  id: string | number;
  reason: string;
  after?: string | null | undefined;
}>;


export type ConversationMessagesQuery = { conversationMessages: { conversation: { id: string, kind: string, name: string | null, purpose: string, visibility: string, membersCount: number, messagesCount: number, lastAt: string | null, createdAt: string, archivedAt: string | null, members: Array<{ id: string, name: string, kind: PersonKind }> }, pageInfo: { endCursor: string | null, hasNextPage: boolean }, edges: Array<{ node: { id: string, seq: number, title: string | null, body: string, answersSeq: number | null, createdAt: string, editedAt: string | null, recalledAt: string | null, sender: { id: string, name: string, kind: PersonKind } } }> } };

export type MetricsQueryVariables = Exact<{
  locale: string;
}>;


export type MetricsQuery = { metrics: Array<{ id: string, version: number, unit: string, total: string, grains: Array<Grain>, name: string, meaning: string }> };

export type MetricSeriesQueryVariables = Exact<{
  id: string;
  from: string;
  to: string;
  timeZone: string;
  grain: Grain;
  departmentId?: string | number | null | undefined;
  departmentScope?: DepartmentScope | null | undefined;
  conversationKinds?: Array<string> | string | null | undefined;
  bots?: boolean | null | undefined;
}>;


export type MetricSeriesQuery = { metric: { total: number, points: Array<{ bucket: string, value: number }>, previous: { from: string, to: string, total: number, points: Array<{ bucket: string, value: number }> }, cost: { elapsedMs: number, rowsRead: number }, freshness: { takenAt: string | null, waiting: number, checkedAt: string | null, repaired: number } } };

export type MetricBreakdownQueryVariables = Exact<{
  id: string;
  from: string;
  to: string;
  timeZone: string;
  departmentId?: string | number | null | undefined;
  departmentScope?: DepartmentScope | null | undefined;
  conversationKinds?: Array<string> | string | null | undefined;
  bots?: boolean | null | undefined;
}>;


export type MetricBreakdownQuery = { metricBreakdown: { total: number, departmentsLeft: number, path: Array<{ id: string, name: string }>, departments: Array<{ departmentId: string | null, scope: DepartmentScope, name: string | null, value: number }>, kinds: Array<{ kind: string, value: number }>, cost: { elapsedMs: number, rowsRead: number } } };

export type MetricSqlQueryVariables = Exact<{
  id: string;
  from: string;
  to: string;
  timeZone: string;
  grain: Grain;
  departmentId?: string | number | null | undefined;
  departmentScope?: DepartmentScope | null | undefined;
  conversationKinds?: Array<string> | string | null | undefined;
  bots?: boolean | null | undefined;
  apart: boolean;
}>;


export type MetricSqlQuery = { metric?: { sql: { series: string, total: string, params: unknown } }, metricBreakdown?: { sql: { departments: string, kinds: string, params: unknown } } };

export type MetricEventsQueryVariables = Exact<{
  id: string;
  from: string;
  to: string;
  timeZone: string;
  grain: Grain;
  departmentId?: string | number | null | undefined;
  departmentScope?: DepartmentScope | null | undefined;
  conversationKinds?: Array<string> | string | null | undefined;
  bots?: boolean | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type MetricEventsQuery = { metricEvents: { sql: string, edges: Array<{ node: { eventId: string, at: string, bot: boolean, department: string | null, person: { id: string, name: string } | null, conversation: { id: string, kind: string, name: string | null } } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type DepartmentsQueryVariables = Exact<{ [key: string]: never; }>;


export type DepartmentsQuery = { departments: Array<{ id: string, name: string, parentId: string | null, peopleCount: number, peopleBelow: number }> };

export type CreateDepartmentMutationVariables = Exact<{
  name: string;
  parentId?: string | number | null | undefined;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type CreateDepartmentMutation = { createDepartment:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type RenameDepartmentMutationVariables = Exact<{
  id: string | number;
  name: string;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type RenameDepartmentMutation = { renameDepartment:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type MoveDepartmentMutationVariables = Exact<{
  id: string | number;
  parentId?: string | number | null | undefined;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type MoveDepartmentMutation = { moveDepartment:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type DeleteDepartmentMutationVariables = Exact<{
  id: string | number;
  moveUp?: boolean | null | undefined;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type DeleteDepartmentMutation = { deleteDepartment:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type DeviceLineFragment = { id: string, name: string, address: string | null, userAgent: string | null, createdAt: string, lastSeenAt: string, endedAt: string | null, connectedNow: boolean, refreshRepeats: number, refreshRepeatedAt: string | null, refreshRepeatedFrom: string | null, person: { id: string, name: string, kind: PersonKind } };

export type DevicesQueryVariables = Exact<{
  userId?: string | number | null | undefined;
  text?: string | null | undefined;
  idleDays?: number | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type DevicesQuery = { devices: { totalCount: number, pageInfo: { endCursor: string | null, hasNextPage: boolean }, edges: Array<{ node: { id: string, name: string, address: string | null, userAgent: string | null, createdAt: string, lastSeenAt: string, endedAt: string | null, connectedNow: boolean, refreshRepeats: number, refreshRepeatedAt: string | null, refreshRepeatedFrom: string | null, person: { id: string, name: string, kind: PersonKind } } }> } };

export type EndDevicesMutationVariables = Exact<{
  ids: Array<string | number> | string | number;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type EndDevicesMutation = { endDevices:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type OverviewQueryVariables = Exact<{
  timeZone: string;
  entries: boolean;
}>;


export type OverviewQuery = { overview: { peopleActive: number, guestsActive: number, peopleInvited: number, peopleSuspended: number, bots: number, conversations: number, messages: number, messagesToday: number, connectionsNow: number, sealedPosition: number, unsealedEntries: number, lastCheckpointAt: string | null, version: string, startedAt: string, analytics: { takenAt: string | null, waiting: number, checkedAt: string | null, repaired: number } }, auditEntries?: { edges: Array<{ node: { id: string, at: string, action: string, outcome: AuditOutcome, reason: string | null, count: number, position: number | null, before: unknown, after: unknown, door: string | null, address: string | null, requestId: string | null, hash: string | null, actor: { id: string | null, name: string }, target: { kind: string, id: string, name: string | null } | null } }> } };

export type PersonLineFragment = { id: string, name: string, email: string | null, title: string | null, kind: PersonKind, status: PersonStatus, roles: Array<RoleName>, createdAt: string, lastSeenAt: string | null, department: { id: string, name: string, path: Array<string> } | null };

export type PeopleQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  query?: string | null | undefined;
  status?: PersonStatus | null | undefined;
  kind?: PersonKind | null | undefined;
  departmentId?: string | number | null | undefined;
  role?: string | null | undefined;
  sort?: PeopleSort | null | undefined;
  descending?: boolean | null | undefined;
}>;


export type PeopleQuery = { people: { totalCount: number, pageInfo: { endCursor: string | null, hasNextPage: boolean }, edges: Array<{ node: { id: string, name: string, email: string | null, title: string | null, kind: PersonKind, status: PersonStatus, roles: Array<RoleName>, createdAt: string, lastSeenAt: string | null, department: { id: string, name: string, path: Array<string> } | null } }> } };

export type FindPeopleQueryVariables = Exact<{
  query?: string | null | undefined;
}>;


export type FindPeopleQuery = { findPeople: Array<{ id: string, name: string, email: string | null, title: string | null, status: PersonStatus }> };

export type PersonNameQueryVariables = Exact<{
  id: string | number;
}>;


export type PersonNameQuery = { person: { id: string, name: string } | null };

export type PersonQueryVariables = Exact<{
  id: string | number;
  devices: boolean;
  entries: boolean;
}>;


export type PersonQuery = { person: { number: number, locale: string, suspendedAt: string | null, messagesCount: number | null, id: string, name: string, email: string | null, title: string | null, kind: PersonKind, status: PersonStatus, roles: Array<RoleName>, createdAt: string, lastSeenAt: string | null, devices?: Array<{ id: string, name: string, address: string | null, userAgent: string | null, createdAt: string, lastSeenAt: string, endedAt: string | null, connectedNow: boolean, refreshRepeats: number, refreshRepeatedAt: string | null, refreshRepeatedFrom: string | null, person: { id: string, name: string, kind: PersonKind } }> | null, entries?: Array<{ id: string, at: string, action: string, outcome: AuditOutcome, reason: string | null, count: number, position: number | null, before: unknown, after: unknown, door: string | null, address: string | null, requestId: string | null, hash: string | null, actor: { id: string | null, name: string }, target: { kind: string, id: string, name: string | null } | null }> | null, department: { id: string, name: string, path: Array<string> } | null } | null };

export type SuspendPeopleMutationVariables = Exact<{
  ids: Array<string | number> | string | number;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type SuspendPeopleMutation = { suspendPeople:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type ReactivatePeopleMutationVariables = Exact<{
  ids: Array<string | number> | string | number;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type ReactivatePeopleMutation = { reactivatePeople:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type EditPersonMutationVariables = Exact<{
  id: string | number;
  name?: string | null | undefined;
  title?: string | null | undefined;
  departmentId?: string | number | null | undefined;
  locale?: string | null | undefined;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type EditPersonMutation = { editPerson:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type InvitePersonMutationVariables = Exact<{
  name: string;
  email: string;
  title?: string | null | undefined;
  departmentId?: string | number | null | undefined;
  roles?: Array<string> | string | null | undefined;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type InvitePersonMutation = { invitePerson:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type ResetPasswordMutationVariables = Exact<{
  id: string | number;
  endAccess?: boolean | null | undefined;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type ResetPasswordMutation = { resetPassword:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type InviteAgainMutationVariables = Exact<{
  id: string | number;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type InviteAgainMutation = { inviteAgain:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type RolesQueryVariables = Exact<{ [key: string]: never; }>;


export type RolesQuery = { roles: Array<{ name: RoleName, holdersCount: number, permissions: Array<{ name: string }> }> };

export type RoleHoldersQueryVariables = Exact<{
  role: RoleName;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type RoleHoldersQuery = { roleHolders: { totalCount: number, pageInfo: { endCursor: string | null, hasNextPage: boolean }, edges: Array<{ node: { id: string, name: string, email: string | null, title: string | null, kind: PersonKind, status: PersonStatus, roles: Array<RoleName>, createdAt: string, lastSeenAt: string | null, department: { id: string, name: string, path: Array<string> } | null } }> } };

export type GrantRoleMutationVariables = Exact<{
  userId: string | number;
  role: RoleName;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type GrantRoleMutation = { grantRole:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type WithdrawRoleMutationVariables = Exact<{
  userId: string | number;
  role: RoleName;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type WithdrawRoleMutation = { withdrawRole:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type FindQueryVariables = Exact<{
  query: string;
}>;


export type FindQuery = { find: Array<{ kind: FindingKind, id: string, title: string, detail: string }> };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { id: string, name: string, email: string | null, permissions: Array<string> } };

export type SettingsQueryVariables = Exact<{ [key: string]: never; }>;


export type SettingsQuery = { settings: Array<{ name: string, value: unknown, sentence: string, fallback: unknown, changedAt: string | null, kind: SettingKind, minimum: number | null, maximum: number | null, choices: Array<string> | null }> };

export type OperatorSettingsQueryVariables = Exact<{ [key: string]: never; }>;


export type OperatorSettingsQuery = { operatorSettings: Array<{ name: string, env: string, sentence: string, value: string | null, fallback: string, given: boolean, secret: boolean }> };

export type ChangeSettingMutationVariables = Exact<{
  name: string;
  value: unknown;
  reason?: string | null | undefined;
  previewToken?: string | null | undefined;
}>;


export type ChangeSettingMutation = { changeSetting:
    | { __typename: 'AppliedAct', entryIds: Array<string>, resultId: string | null, inviteLink: string | null, resetLink: string | null, counts: Array<{ table: string, op: string, count: number }> }
    | { __typename: 'PlannedAct', token: string, expiresAt: string, events: Array<string>, counts: Array<{ table: string, op: string, count: number }>, changes: Array<{ table: string, id: string, op: string, label: string, before: unknown, after: unknown }>, entries: Array<{ action: string, targetKind: string | null, targetName: string | null }> }
    | { __typename: 'RefusedAct', code: string, message: string, fault: string }
   };

export type TasksQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type TasksQuery = { tasks: { totalCount: number, pageInfo: { endCursor: string | null, hasNextPage: boolean }, edges: Array<{ node: { id: string, kind: string, name: string, state: TaskState, progress: number, total: number | null, startedAt: string | null, finishedAt: string | null, byName: string, result: unknown, hasFile: boolean } }> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const CountFragmentDoc = new TypedDocumentString(`
    fragment Count on PlanCount {
  table
  op
  count
}
    `, {"fragmentName":"Count"}) as unknown as TypedDocumentString<CountFragment, unknown>;
export const PlanFragmentDoc = new TypedDocumentString(`
    fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
    fragment Count on PlanCount {
  table
  op
  count
}`, {"fragmentName":"Plan"}) as unknown as TypedDocumentString<PlanFragment, unknown>;
export const ActAnswerFragmentDoc = new TypedDocumentString(`
    fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}`, {"fragmentName":"ActAnswer"}) as unknown as TypedDocumentString<ActAnswerFragment, unknown>;
export const EntryLineFragmentDoc = new TypedDocumentString(`
    fragment EntryLine on AuditEntry {
  id
  at
  action
  outcome
  reason
  count
  position
  actor {
    id
    name
  }
  target {
    kind
    id
    name
  }
  before
  after
  door
  address
  requestId
  hash
}
    `, {"fragmentName":"EntryLine"}) as unknown as TypedDocumentString<EntryLineFragment, unknown>;
export const ConversationLineFragmentDoc = new TypedDocumentString(`
    fragment ConversationLine on Conversation {
  id
  kind
  name
  purpose
  visibility
  membersCount
  messagesCount
  lastAt
  createdAt
  archivedAt
  members {
    id
    name
    kind
  }
}
    `, {"fragmentName":"ConversationLine"}) as unknown as TypedDocumentString<ConversationLineFragment, unknown>;
export const DeviceLineFragmentDoc = new TypedDocumentString(`
    fragment DeviceLine on Device {
  id
  name
  address
  userAgent
  createdAt
  lastSeenAt
  endedAt
  connectedNow
  refreshRepeats
  refreshRepeatedAt
  refreshRepeatedFrom
  person {
    id
    name
    kind
  }
}
    `, {"fragmentName":"DeviceLine"}) as unknown as TypedDocumentString<DeviceLineFragment, unknown>;
export const PersonLineFragmentDoc = new TypedDocumentString(`
    fragment PersonLine on Person {
  id
  name
  email
  title
  kind
  status
  roles
  createdAt
  lastSeenAt
  department {
    id
    name
    path
  }
}
    `, {"fragmentName":"PersonLine"}) as unknown as TypedDocumentString<PersonLineFragment, unknown>;
export const AuditEntriesDocument = new TypedDocumentString(`
    query AuditEntries($first: Int, $after: String, $actorId: ID, $action: String, $outcome: AuditOutcome, $targetId: ID, $from: DateTime, $to: DateTime, $text: String) {
  auditEntries(
    first: $first
    after: $after
    actorId: $actorId
    action: $action
    outcome: $outcome
    targetId: $targetId
    from: $from
    to: $to
    text: $text
  ) {
    pageInfo {
      endCursor
      hasNextPage
    }
    edges {
      node {
        ...EntryLine
      }
    }
  }
}
    fragment EntryLine on AuditEntry {
  id
  at
  action
  outcome
  reason
  count
  position
  actor {
    id
    name
  }
  target {
    kind
    id
    name
  }
  before
  after
  door
  address
  requestId
  hash
}`) as unknown as TypedDocumentString<AuditEntriesQuery, AuditEntriesQueryVariables>;
export const AuditActionsDocument = new TypedDocumentString(`
    query AuditActions {
  auditActions
}
    `) as unknown as TypedDocumentString<AuditActionsQuery, AuditActionsQueryVariables>;
export const AuditStateDocument = new TypedDocumentString(`
    query AuditState {
  auditState {
    sealed
    signed
    unsealed
    checkpointAt
  }
}
    `) as unknown as TypedDocumentString<AuditStateQuery, AuditStateQueryVariables>;
export const AuditProofDocument = new TypedDocumentString(`
    query AuditProof($id: ID!) {
  auditProof(id: $id) {
    position
    checkpoint
    holds
    text
  }
}
    `) as unknown as TypedDocumentString<AuditProofQuery, AuditProofQueryVariables>;
export const ExportAuditDocument = new TypedDocumentString(`
    mutation ExportAudit($since: DateTime, $until: DateTime, $reason: String, $previewToken: String) {
  exportAudit(
    since: $since
    until: $until
    reason: $reason
    previewToken: $previewToken
  ) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<ExportAuditMutation, ExportAuditMutationVariables>;
export const AuditEntryDocument = new TypedDocumentString(`
    query AuditEntry($id: ID!) {
  auditEntry(id: $id) {
    ...EntryLine
  }
}
    fragment EntryLine on AuditEntry {
  id
  at
  action
  outcome
  reason
  count
  position
  actor {
    id
    name
  }
  target {
    kind
    id
    name
  }
  before
  after
  door
  address
  requestId
  hash
}`) as unknown as TypedDocumentString<AuditEntryQuery, AuditEntryQueryVariables>;
export const AuditKeysDocument = new TypedDocumentString(`
    query AuditKeys {
  auditKeys {
    id
    pem
    current
  }
}
    `) as unknown as TypedDocumentString<AuditKeysQuery, AuditKeysQueryVariables>;
export const ConversationsDocument = new TypedDocumentString(`
    query Conversations($query: String, $kind: String, $userId: ID, $first: Int, $after: String) {
  conversations(
    query: $query
    kind: $kind
    userId: $userId
    first: $first
    after: $after
  ) {
    totalCount
    pageInfo {
      endCursor
      hasNextPage
    }
    edges {
      node {
        ...ConversationLine
      }
    }
  }
}
    fragment ConversationLine on Conversation {
  id
  kind
  name
  purpose
  visibility
  membersCount
  messagesCount
  lastAt
  createdAt
  archivedAt
  members {
    id
    name
    kind
  }
}`) as unknown as TypedDocumentString<ConversationsQuery, ConversationsQueryVariables>;
export const ConversationMessagesDocument = new TypedDocumentString(`
    query ConversationMessages($id: ID!, $reason: String!, $after: String) {
  conversationMessages(
    conversationId: $id
    reason: $reason
    after: $after
    first: 50
  ) {
    conversation {
      ...ConversationLine
    }
    pageInfo {
      endCursor
      hasNextPage
    }
    edges {
      node {
        id
        seq
        title
        body
        answersSeq
        createdAt
        editedAt
        recalledAt
        sender {
          id
          name
          kind
        }
      }
    }
  }
}
    fragment ConversationLine on Conversation {
  id
  kind
  name
  purpose
  visibility
  membersCount
  messagesCount
  lastAt
  createdAt
  archivedAt
  members {
    id
    name
    kind
  }
}`) as unknown as TypedDocumentString<ConversationMessagesQuery, ConversationMessagesQueryVariables>;
export const MetricsDocument = new TypedDocumentString(`
    query Metrics($locale: String!) {
  metrics {
    id
    version
    unit
    total
    grains
    name(locale: $locale)
    meaning(locale: $locale)
  }
}
    `) as unknown as TypedDocumentString<MetricsQuery, MetricsQueryVariables>;
export const MetricSeriesDocument = new TypedDocumentString(`
    query MetricSeries($id: String!, $from: String!, $to: String!, $timeZone: String!, $grain: Grain!, $departmentId: ID, $departmentScope: DepartmentScope, $conversationKinds: [String!], $bots: Boolean) {
  metric(
    id: $id
    from: $from
    to: $to
    timeZone: $timeZone
    grain: $grain
    departmentId: $departmentId
    departmentScope: $departmentScope
    conversationKinds: $conversationKinds
    bots: $bots
  ) {
    points {
      bucket
      value
    }
    total
    previous {
      from
      to
      points {
        bucket
        value
      }
      total
    }
    cost {
      elapsedMs
      rowsRead
    }
    freshness {
      takenAt
      waiting
      checkedAt
      repaired
    }
  }
}
    `) as unknown as TypedDocumentString<MetricSeriesQuery, MetricSeriesQueryVariables>;
export const MetricBreakdownDocument = new TypedDocumentString(`
    query MetricBreakdown($id: String!, $from: String!, $to: String!, $timeZone: String!, $departmentId: ID, $departmentScope: DepartmentScope, $conversationKinds: [String!], $bots: Boolean) {
  metricBreakdown(
    id: $id
    from: $from
    to: $to
    timeZone: $timeZone
    departmentId: $departmentId
    departmentScope: $departmentScope
    conversationKinds: $conversationKinds
    bots: $bots
  ) {
    total
    path {
      id
      name
    }
    departments {
      departmentId
      scope
      name
      value
    }
    departmentsLeft
    kinds {
      kind
      value
    }
    cost {
      elapsedMs
      rowsRead
    }
  }
}
    `) as unknown as TypedDocumentString<MetricBreakdownQuery, MetricBreakdownQueryVariables>;
export const MetricSqlDocument = new TypedDocumentString(`
    query MetricSql($id: String!, $from: String!, $to: String!, $timeZone: String!, $grain: Grain!, $departmentId: ID, $departmentScope: DepartmentScope, $conversationKinds: [String!], $bots: Boolean, $apart: Boolean!) {
  metric(
    id: $id
    from: $from
    to: $to
    timeZone: $timeZone
    grain: $grain
    departmentId: $departmentId
    departmentScope: $departmentScope
    conversationKinds: $conversationKinds
    bots: $bots
  ) @skip(if: $apart) {
    sql {
      series
      total
      params
    }
  }
  metricBreakdown(
    id: $id
    from: $from
    to: $to
    timeZone: $timeZone
    departmentId: $departmentId
    departmentScope: $departmentScope
    conversationKinds: $conversationKinds
    bots: $bots
  ) @include(if: $apart) {
    sql {
      departments
      kinds
      params
    }
  }
}
    `) as unknown as TypedDocumentString<MetricSqlQuery, MetricSqlQueryVariables>;
export const MetricEventsDocument = new TypedDocumentString(`
    query MetricEvents($id: String!, $from: String!, $to: String!, $timeZone: String!, $grain: Grain!, $departmentId: ID, $departmentScope: DepartmentScope, $conversationKinds: [String!], $bots: Boolean, $first: Int!, $after: String) {
  metricEvents(
    id: $id
    from: $from
    to: $to
    timeZone: $timeZone
    grain: $grain
    departmentId: $departmentId
    departmentScope: $departmentScope
    conversationKinds: $conversationKinds
    bots: $bots
    first: $first
    after: $after
  ) {
    edges {
      node {
        eventId
        at
        bot
        department
        person {
          id
          name
        }
        conversation {
          id
          kind
          name
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
    sql
  }
}
    `) as unknown as TypedDocumentString<MetricEventsQuery, MetricEventsQueryVariables>;
export const DepartmentsDocument = new TypedDocumentString(`
    query Departments {
  departments {
    id
    name
    parentId
    peopleCount
    peopleBelow
  }
}
    `) as unknown as TypedDocumentString<DepartmentsQuery, DepartmentsQueryVariables>;
export const CreateDepartmentDocument = new TypedDocumentString(`
    mutation CreateDepartment($name: String!, $parentId: ID, $reason: String, $previewToken: String) {
  createDepartment(
    name: $name
    parentId: $parentId
    reason: $reason
    previewToken: $previewToken
  ) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<CreateDepartmentMutation, CreateDepartmentMutationVariables>;
export const RenameDepartmentDocument = new TypedDocumentString(`
    mutation RenameDepartment($id: ID!, $name: String!, $reason: String, $previewToken: String) {
  renameDepartment(
    id: $id
    name: $name
    reason: $reason
    previewToken: $previewToken
  ) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<RenameDepartmentMutation, RenameDepartmentMutationVariables>;
export const MoveDepartmentDocument = new TypedDocumentString(`
    mutation MoveDepartment($id: ID!, $parentId: ID, $reason: String, $previewToken: String) {
  moveDepartment(
    id: $id
    parentId: $parentId
    reason: $reason
    previewToken: $previewToken
  ) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<MoveDepartmentMutation, MoveDepartmentMutationVariables>;
export const DeleteDepartmentDocument = new TypedDocumentString(`
    mutation DeleteDepartment($id: ID!, $moveUp: Boolean, $reason: String, $previewToken: String) {
  deleteDepartment(
    id: $id
    moveUp: $moveUp
    reason: $reason
    previewToken: $previewToken
  ) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<DeleteDepartmentMutation, DeleteDepartmentMutationVariables>;
export const DevicesDocument = new TypedDocumentString(`
    query Devices($userId: ID, $text: String, $idleDays: Int, $first: Int, $after: String) {
  devices(
    userId: $userId
    text: $text
    idleDays: $idleDays
    first: $first
    after: $after
  ) {
    totalCount
    pageInfo {
      endCursor
      hasNextPage
    }
    edges {
      node {
        ...DeviceLine
      }
    }
  }
}
    fragment DeviceLine on Device {
  id
  name
  address
  userAgent
  createdAt
  lastSeenAt
  endedAt
  connectedNow
  refreshRepeats
  refreshRepeatedAt
  refreshRepeatedFrom
  person {
    id
    name
    kind
  }
}`) as unknown as TypedDocumentString<DevicesQuery, DevicesQueryVariables>;
export const EndDevicesDocument = new TypedDocumentString(`
    mutation EndDevices($ids: [ID!]!, $reason: String, $previewToken: String) {
  endDevices(ids: $ids, reason: $reason, previewToken: $previewToken) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<EndDevicesMutation, EndDevicesMutationVariables>;
export const OverviewDocument = new TypedDocumentString(`
    query Overview($timeZone: String!, $entries: Boolean!) {
  overview(timeZone: $timeZone) {
    peopleActive
    guestsActive
    peopleInvited
    peopleSuspended
    bots
    conversations
    messages
    messagesToday
    connectionsNow
    sealedPosition
    unsealedEntries
    lastCheckpointAt
    analytics {
      takenAt
      waiting
      checkedAt
      repaired
    }
    version
    startedAt
  }
  auditEntries(first: 30) @include(if: $entries) {
    edges {
      node {
        ...EntryLine
      }
    }
  }
}
    fragment EntryLine on AuditEntry {
  id
  at
  action
  outcome
  reason
  count
  position
  actor {
    id
    name
  }
  target {
    kind
    id
    name
  }
  before
  after
  door
  address
  requestId
  hash
}`) as unknown as TypedDocumentString<OverviewQuery, OverviewQueryVariables>;
export const PeopleDocument = new TypedDocumentString(`
    query People($first: Int, $after: String, $query: String, $status: PersonStatus, $kind: PersonKind, $departmentId: ID, $role: String, $sort: PeopleSort, $descending: Boolean) {
  people(
    first: $first
    after: $after
    query: $query
    status: $status
    kind: $kind
    departmentId: $departmentId
    role: $role
    sort: $sort
    descending: $descending
  ) {
    totalCount
    pageInfo {
      endCursor
      hasNextPage
    }
    edges {
      node {
        ...PersonLine
      }
    }
  }
}
    fragment PersonLine on Person {
  id
  name
  email
  title
  kind
  status
  roles
  createdAt
  lastSeenAt
  department {
    id
    name
    path
  }
}`) as unknown as TypedDocumentString<PeopleQuery, PeopleQueryVariables>;
export const FindPeopleDocument = new TypedDocumentString(`
    query FindPeople($query: String) {
  findPeople(query: $query, limit: 12) {
    id
    name
    email
    title
    status
  }
}
    `) as unknown as TypedDocumentString<FindPeopleQuery, FindPeopleQueryVariables>;
export const PersonNameDocument = new TypedDocumentString(`
    query PersonName($id: ID!) {
  person(id: $id) {
    id
    name
  }
}
    `) as unknown as TypedDocumentString<PersonNameQuery, PersonNameQueryVariables>;
export const PersonDocument = new TypedDocumentString(`
    query Person($id: ID!, $devices: Boolean!, $entries: Boolean!) {
  person(id: $id) {
    ...PersonLine
    number
    locale
    suspendedAt
    messagesCount
    devices @include(if: $devices) {
      ...DeviceLine
    }
    entries @include(if: $entries) {
      ...EntryLine
    }
  }
}
    fragment EntryLine on AuditEntry {
  id
  at
  action
  outcome
  reason
  count
  position
  actor {
    id
    name
  }
  target {
    kind
    id
    name
  }
  before
  after
  door
  address
  requestId
  hash
}
fragment DeviceLine on Device {
  id
  name
  address
  userAgent
  createdAt
  lastSeenAt
  endedAt
  connectedNow
  refreshRepeats
  refreshRepeatedAt
  refreshRepeatedFrom
  person {
    id
    name
    kind
  }
}
fragment PersonLine on Person {
  id
  name
  email
  title
  kind
  status
  roles
  createdAt
  lastSeenAt
  department {
    id
    name
    path
  }
}`) as unknown as TypedDocumentString<PersonQuery, PersonQueryVariables>;
export const SuspendPeopleDocument = new TypedDocumentString(`
    mutation SuspendPeople($ids: [ID!]!, $reason: String, $previewToken: String) {
  suspendPeople(ids: $ids, reason: $reason, previewToken: $previewToken) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<SuspendPeopleMutation, SuspendPeopleMutationVariables>;
export const ReactivatePeopleDocument = new TypedDocumentString(`
    mutation ReactivatePeople($ids: [ID!]!, $reason: String, $previewToken: String) {
  reactivatePeople(ids: $ids, reason: $reason, previewToken: $previewToken) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<ReactivatePeopleMutation, ReactivatePeopleMutationVariables>;
export const EditPersonDocument = new TypedDocumentString(`
    mutation EditPerson($id: ID!, $name: String, $title: String, $departmentId: ID, $locale: String, $reason: String, $previewToken: String) {
  editPerson(
    id: $id
    name: $name
    title: $title
    departmentId: $departmentId
    locale: $locale
    reason: $reason
    previewToken: $previewToken
  ) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<EditPersonMutation, EditPersonMutationVariables>;
export const InvitePersonDocument = new TypedDocumentString(`
    mutation InvitePerson($name: String!, $email: String!, $title: String, $departmentId: ID, $roles: [String!], $reason: String, $previewToken: String) {
  invitePerson(
    name: $name
    email: $email
    title: $title
    departmentId: $departmentId
    roles: $roles
    reason: $reason
    previewToken: $previewToken
  ) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<InvitePersonMutation, InvitePersonMutationVariables>;
export const ResetPasswordDocument = new TypedDocumentString(`
    mutation ResetPassword($id: ID!, $endAccess: Boolean, $reason: String, $previewToken: String) {
  resetPassword(
    id: $id
    endAccess: $endAccess
    reason: $reason
    previewToken: $previewToken
  ) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<ResetPasswordMutation, ResetPasswordMutationVariables>;
export const InviteAgainDocument = new TypedDocumentString(`
    mutation InviteAgain($id: ID!, $reason: String, $previewToken: String) {
  inviteAgain(id: $id, reason: $reason, previewToken: $previewToken) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<InviteAgainMutation, InviteAgainMutationVariables>;
export const RolesDocument = new TypedDocumentString(`
    query Roles {
  roles {
    name
    holdersCount
    permissions {
      name
    }
  }
}
    `) as unknown as TypedDocumentString<RolesQuery, RolesQueryVariables>;
export const RoleHoldersDocument = new TypedDocumentString(`
    query RoleHolders($role: RoleName!, $first: Int, $after: String) {
  roleHolders(role: $role, first: $first, after: $after) {
    totalCount
    pageInfo {
      endCursor
      hasNextPage
    }
    edges {
      node {
        ...PersonLine
      }
    }
  }
}
    fragment PersonLine on Person {
  id
  name
  email
  title
  kind
  status
  roles
  createdAt
  lastSeenAt
  department {
    id
    name
    path
  }
}`) as unknown as TypedDocumentString<RoleHoldersQuery, RoleHoldersQueryVariables>;
export const GrantRoleDocument = new TypedDocumentString(`
    mutation GrantRole($userId: ID!, $role: RoleName!, $reason: String, $previewToken: String) {
  grantRole(
    userId: $userId
    role: $role
    reason: $reason
    previewToken: $previewToken
  ) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<GrantRoleMutation, GrantRoleMutationVariables>;
export const WithdrawRoleDocument = new TypedDocumentString(`
    mutation WithdrawRole($userId: ID!, $role: RoleName!, $reason: String, $previewToken: String) {
  withdrawRole(
    userId: $userId
    role: $role
    reason: $reason
    previewToken: $previewToken
  ) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<WithdrawRoleMutation, WithdrawRoleMutationVariables>;
export const FindDocument = new TypedDocumentString(`
    query Find($query: String!) {
  find(query: $query) {
    kind
    id
    title
    detail
  }
}
    `) as unknown as TypedDocumentString<FindQuery, FindQueryVariables>;
export const MeDocument = new TypedDocumentString(`
    query Me {
  me {
    id
    name
    email
    permissions
  }
}
    `) as unknown as TypedDocumentString<MeQuery, MeQueryVariables>;
export const SettingsDocument = new TypedDocumentString(`
    query Settings {
  settings {
    name
    value
    sentence
    fallback
    changedAt
    kind
    minimum
    maximum
    choices
  }
}
    `) as unknown as TypedDocumentString<SettingsQuery, SettingsQueryVariables>;
export const OperatorSettingsDocument = new TypedDocumentString(`
    query OperatorSettings {
  operatorSettings {
    name
    env
    sentence
    value
    fallback
    given
    secret
  }
}
    `) as unknown as TypedDocumentString<OperatorSettingsQuery, OperatorSettingsQueryVariables>;
export const ChangeSettingDocument = new TypedDocumentString(`
    mutation ChangeSetting($name: String!, $value: JSON!, $reason: String, $previewToken: String) {
  changeSetting(
    name: $name
    value: $value
    reason: $reason
    previewToken: $previewToken
  ) {
    ...ActAnswer
  }
}
    fragment Count on PlanCount {
  table
  op
  count
}
fragment Plan on PlannedAct {
  token
  expiresAt
  counts {
    ...Count
  }
  changes {
    table
    id
    op
    label
    before
    after
  }
  entries {
    action
    targetKind
    targetName
  }
  events
}
fragment ActAnswer on ActResult {
  __typename
  ... on PlannedAct {
    ...Plan
  }
  ... on AppliedAct {
    counts {
      ...Count
    }
    entryIds
    resultId
    inviteLink
    resetLink
  }
  ... on RefusedAct {
    code
    message
    fault
  }
}`) as unknown as TypedDocumentString<ChangeSettingMutation, ChangeSettingMutationVariables>;
export const TasksDocument = new TypedDocumentString(`
    query Tasks($first: Int, $after: String) {
  tasks(first: $first, after: $after) {
    totalCount
    pageInfo {
      endCursor
      hasNextPage
    }
    edges {
      node {
        id
        kind
        name
        state
        progress
        total
        startedAt
        finishedAt
        byName
        result
        hasFile
      }
    }
  }
}
    `) as unknown as TypedDocumentString<TasksQuery, TasksQueryVariables>;