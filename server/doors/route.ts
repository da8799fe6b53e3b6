import type { Request, Response } from 'express';
import type * as z from 'zod/mini';
import type { Declared } from '@parley/protocol/permissions.ts';
import type { Work } from '../kernel/work.ts';
import type { Cost } from './costs.ts';
import type { Operation } from './operation.ts';

/** The request and its answer, for cookies and headers; what was said is in the input, checked. */
export type Http = { request: Request; response: Response };

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type Route = {
  method: Method;
  path: string;
  permission: Declared;
  cost: Cost;
  input: Operation['input'];
  run(work: Work, input: never, http: Http): Promise<unknown>;
};

/**
 * One REST operation: who may enter, what it costs, the words it takes (body or query, with the path's own parameters),
 * and the line that does it.
 * What `run` returns is the JSON answer; returning nothing answers 204.
 */
export function route<S extends z.ZodMiniType>(
  method: Method,
  path: string,
  permission: Declared,
  cost: Cost,
  input: S,
  run: (work: Work, input: z.output<S>, http: Http) => Promise<unknown>,
): Route {
  return { method, path, permission, cost, input: input as unknown as Operation['input'], run };
}

/** Refuses a list of routes that would let in whom nobody named, or answer one address twice. */
export function checkRoutes(routes: readonly Route[]): void {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const { method, path, permission, cost, input } of routes) {
    const name = `${method} ${path}`;
    if (!permission) faults.push(`${name} declares no permission`);
    if (!cost) faults.push(`${name} declares no cost`);
    if (!input) faults.push(`${name} declares no input`);
    if (!path.startsWith('/api/')) faults.push(`${name} is not below /api/`);
    if (seen.has(name)) faults.push(`${name} is offered twice`);
    seen.add(name);
  }
  if (faults.length > 0)
    throw new Error(`The HTTP door cannot open:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
}
