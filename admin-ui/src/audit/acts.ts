import { describe, type Act } from '../acts/act.ts';
import { ExportAuditDocument } from '../graphql/graphql.ts';
import { i18n } from '../words/i18n.ts';
import { request } from '../session/request.ts';

export const exportAudit = (): Act =>
  describe(
    'exportAudit',
    {},
    {
      perform: (said) => request(ExportAuditDocument, { ...said }).then((answer) => answer.exportAudit),
      reason: 'required',
      next: { title: () => i18n.global.t('audit.toTasks'), to: { name: 'tasks' } },
    },
  );
