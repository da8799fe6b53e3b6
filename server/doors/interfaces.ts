import express, { type RequestHandler, type Response, type Router } from 'express';
import path from 'node:path';

/** One web interface: where it is served, the folder its build lands in, and its name at the beginning of a sentence. */
export type Interface = { at: string; folder: string; name: string };

/**
 * Serves the built interfaces. Files with a hash in their name are kept by browsers for ever, the page itself is asked for every time; every
 * address without an extension is the page, which reads the address itself. A missing build says so instead of looking broken.
 */
export function serveInterfaces(interfaces: readonly Interface[]): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  // The longer address first: `/` would answer for all.
  for (const one of [...interfaces].sort((a, b) => b.at.length - a.at.length)) {
    const base = one.at.replace(/\/$/, '');
    if (base) router.get(base, (_request, response) => response.redirect(308, `${base}/`));
    router.use(
      `${base}/`,
      withoutSourceMaps,
      express.static(one.folder, { index: false, redirect: false, dotfiles: 'ignore', setHeaders: keepHashed }),
      page(one),
    );
  }
  return router;
}

/** Source maps hold the source with its comments; browsers of people have no use for them. */
const withoutSourceMaps: RequestHandler = (request, _response, next) =>
  next(request.path.endsWith('.map') ? 'router' : undefined);

function keepHashed(response: Response, file: string): void {
  response.setHeader(
    'cache-control',
    file.includes(`${path.sep}assets${path.sep}`) ? 'public, max-age=31536000, immutable' : 'no-cache',
  );
}

function page({ folder, name }: Interface): RequestHandler {
  return (request, response, next) => {
    if ((request.method !== 'GET' && request.method !== 'HEAD') || path.extname(request.path) !== '') return next();
    response.sendFile(
      'index.html',
      { root: folder, cacheControl: false, headers: { 'cache-control': 'no-cache' } },
      (error?: Error & { code?: string }) => {
        if (!error || response.headersSent) return;
        if (error.code !== 'ENOENT') return next(error);
        response.status(503).type('html').send(unbuilt(name));
      },
    );
  };
}

const unbuilt = (name: string) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Parley</title>
<h1>${name} has not been built yet</h1>
<p>The server runs, but this interface is missing. <code>npm start</code> builds it; then load this page again.</p>
<p>服务器已在运行，但界面尚未构建。请运行 <code>npm start</code>，然后刷新本页。</p>
</html>
`;
