import { describe, type Act } from '../acts/act.ts';
import { ChangeSettingDocument } from '../graphql/graphql.ts';
import { request } from '../session/request.ts';
import { wordOf } from '../words/wordOf.ts';

export const changeSetting = (name: string, value: unknown, before: unknown): Act =>
  describe(
    'changeSetting',
    { name: wordOf('settings.names', name) },
    {
      perform: (said) =>
        request(ChangeSettingDocument, { name, value, ...said }).then((answer) => answer.changeSetting),
      undo: () => changeSetting(name, before, value),
      targetId: name,
    },
  );
