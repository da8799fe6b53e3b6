import * as z from 'zod/mini';
import { id } from '@parley/protocol/words.ts';
import { route } from '../doors/route.ts';
import * as tasks from './tasks.ts';

const Task = z.strictObject({ taskId: id });

export const taskRoutes = [
  route('GET', '/api/tasks/:taskId/file', 'tasks.read', 'file', Task, (work, { taskId }) =>
    tasks.openFile(work, taskId),
  ),
];
