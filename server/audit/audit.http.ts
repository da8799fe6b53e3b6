import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { route } from '../doors/route.ts';
import { Download } from '../kernel/download.ts';

const verifier = fileURLToPath(new URL('../../scripts/verify-audit.mjs', import.meta.url));

export const auditRoutes = [
  route('GET', '/api/audit/verifier', 'audit.read', 'file', z.strictObject({}), async () => {
    return new Download('verify-audit.mjs', 'text/javascript', ['audit.read'], createReadStream(verifier, 'utf8'));
  }),
];
