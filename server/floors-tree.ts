import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './floors.ts';

const folders = ['server', 'analytics', 'clients', 'admin-ui', 'scripts'];

/** Reads every source file under `root`: what it imports (types and dynamic imports too), and the words of kernel and doors. */
export async function readTree(root: string): Promise<SourceFile[]> {
  const found: string[] = [];
  for await (const file of glob(`{${folders.join(',')}}/**/*.{ts,mjs,vue,css}`, { cwd: root, exclude: isForeign })) {
    found.push(file.split(path.sep).join('/'));
  }
  return found.sort().map((file) => readSource(file, readFileSync(path.join(root, file), 'utf8')));
}

/** One file, by its text: comments name no import and use no word. */
export function readSource(file: string, text: string): SourceFile {
  if (file.endsWith('.css'))
    return {
      path: file,
      imports: [...text.matchAll(/@import\s+(?:url\()?['"]([^'"]+)/g)].map(([, written]) => written!),
    };
  const code = file.endsWith('.vue')
    ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, script]) => script).join('\n')
    : text;
  const imports = ts.preProcessFile(code, true, true).importedFiles.map((imported) => imported.fileName);
  return isTool(file) ? { path: file, imports, words: wordsOf(code) } : { path: file, imports };
}

const isForeign = (name: string) => /(?:^|[\\/])(?:node_modules|dist|data)$/.test(name);
const isTool = (file: string) => /^server\/(?:kernel|doors)\//.test(file);

function wordsOf(code: string): string[] {
  const words = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) words.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('code.ts', code, ts.ScriptTarget.Latest));
  return [...words];
}
