import { type Column } from '../ui/columns.ts';
import { i18n } from '../words/i18n.ts';

/** What can be shown of a line of the log. */
export function auditColumns(): Column[] {
  const { t } = i18n.global;
  return [
    { key: 'at', title: t('audit.at'), width: '170px', fixed: true },
    { key: 'what', title: t('audit.action'), fixed: true },
    { key: 'reason', title: t('audit.reason'), wide: true },
    { key: 'door', title: t('audit.door'), wide: true, width: '90px', extra: true },
    { key: 'address', title: t('audit.address'), wide: true, width: '130px' },
    { key: 'seal', title: t('audit.position'), wide: true, figures: true, width: '110px' },
  ];
}
