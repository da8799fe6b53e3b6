import { describe, type Act } from '../acts/act.ts';
import { ExportAuditDocument } from '../graphql/graphql.ts';
import { i18n } from '../words/i18n.ts';
import { request } from '../session/request.ts';
import { momentsOf, namesOf, type Days } from './days.ts';

/** The log of these days, or with no bound the whole of it. */
export function exportAudit(days: Days): Act {
  const { from: since, to: until } = momentsOf(days);
  return describe(
    'exportAudit',
    { name: namesOf(days) },
    {
      lead: since || until ? 'leadDays' : 'lead',
      perform: (said) => request(ExportAuditDocument, { since, until, ...said }).then((answer) => answer.exportAudit),
      reason: 'required',
      next: { title: () => i18n.global.t('audit.toTasks'), to: { name: 'tasks' } },
    },
  );
}
