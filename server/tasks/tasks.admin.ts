import * as z from 'zod/mini';
import type { AdminBuilder } from '../doors/graphql-builder.ts';
import { connectionOf, pageArgs, pageCost, pageWords } from '../doors/graphql-lists.ts';
import { adminPeople } from '../users/directory.ts';
import { PersonType } from '../users/person-type.ts';
import { page, type Task, type TaskState } from './tasks.ts';

const TasksPage = z.strictObject(pageWords);
const states: TaskState[] = ['waiting', 'running', 'done', 'failed', 'stopped'];

/** The task centre in the administrative schema. */
export function tasksAdmin(builder: AdminBuilder): void {
  const State = builder.enumType('TaskState', { values: states });
  const Type = builder.objectRef<Task>('Task').implement({
    description: 'Long work somebody started.',
    fields: (t) => ({
      id: t.exposeID('id'),
      kind: t.exposeString('kind'),
      name: t.exposeString('name'),
      state: t.expose('state', { type: State }),
      progress: t.exposeFloat('progress'),
      total: t.exposeFloat('total', {
        nullable: true,
        description: 'What progress counts up to; null until it is known.',
      }),
      startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
      finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
      byName: t.exposeString('byName'),
      by: t.loadable({
        type: PersonType,
        nullable: true,
        load: async (ids: string[], work) => {
          const people = new Map((await adminPeople(work, ids)).map((person) => [person.id, person]));
          return ids.map((id) => people.get(id) ?? null);
        },
        resolve: ({ byId }) => byId,
      }),
      result: t.expose('result', { type: 'JSON', nullable: true }),
      hasFile: t.boolean({
        description: 'Whether GET /api/tasks/:id/file has something to hand out to whoever asks.',
        resolve: ({ hasFile, fileNeeds }, _args, work) => hasFile && fileNeeds !== null && work.may(fileNeeds),
      }),
    }),
  });
  builder.queryField('tasks', (t) =>
    t.field({
      type: connectionOf(builder, Type, 'Task', { total: true }),
      description: 'Long work, newest first.',
      permission: 'tasks.read',
      cost: 'list',
      input: TasksPage,
      args: pageArgs(t.arg),
      complexity: pageCost,
      resolve: (_, args, work) => page(work, args as z.output<typeof TasksPage>),
    }),
  );
}
